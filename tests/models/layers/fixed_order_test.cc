#include "models/layers/fixed_order.h"

#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <vector>

namespace deepmad::models {
namespace {

using Size = std::array<int64_t, 2>;
using Operation = std::function<at::Tensor(const at::Tensor&, at::IntArrayRef)>;

at::Tensor Values(at::IntArrayRef shape) {
  int64_t count = 1;
  for (const int64_t side : shape) count *= side;
  return at::linspace(-3, 3, count, at::kDouble).mul(17).sin().view(shape);
}

void ExpectTheSame(const Operation& library, const Operation& ours, Size from, Size to, at::MemoryFormat format) {
  const at::Tensor values = Values({2, 3, from[0], from[1]}).contiguous(format);
  const at::Tensor a = values.clone().requires_grad_(), b = values.clone().requires_grad_();
  const at::Tensor wanted = library(a, to), got = ours(b, to);
  EXPECT_TRUE(got.equal(wanted));
  const at::Tensor outer = Values(wanted.sizes()).add(0.25);
  wanted.backward(outer);
  got.backward(outer);
  EXPECT_LE(b.grad().sub(a.grad()).abs().max().item<double>(), 1e-12) << from[0] << " x " << from[1] << " to " << to[0] << " x " << to[1];
}

const std::vector<std::pair<Size, Size>> kSizes = {{{4, 6}, {8, 12}}, {{5, 3}, {7, 11}}, {{9, 8}, {4, 3}}, {{1, 1}, {6, 5}},
                                                   {{6, 7}, {1, 2}},  {{3, 10}, {6, 6}}, {{7, 7}, {7, 3}}};

TEST(FixedOrder, UpsamplingEqualsTheLibrarys) {
  for (const auto& [from, to] : kSizes) {
    for (const at::MemoryFormat format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
      ExpectTheSame([](const at::Tensor& map, at::IntArrayRef size) { return at::upsample_bilinear2d(map, size, false); },
                    UpsampleBilinearInFixedOrder, from, to, format);
    }
  }
}

TEST(FixedOrder, PoolingEqualsTheLibrarys) {
  for (const auto& [from, to] : kSizes) {
    for (const at::MemoryFormat format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
      ExpectTheSame([](const at::Tensor& map, at::IntArrayRef size) { return at::adaptive_avg_pool2d(map, size); },
                    AdaptiveAverageInFixedOrder, from, to, format);
    }
  }
}

TEST(FixedOrder, IsForGpusAlone) { EXPECT_FALSE(WantsFixedOrder(Values({1, 1, 2, 2}))); }

}  // namespace
}  // namespace deepmad::models
