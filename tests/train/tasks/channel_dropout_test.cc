#include "train/tasks/channel_dropout.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

namespace deepmad::train {
namespace {

data::Batch BatchOf(int64_t samples, int64_t first_position, int64_t step) {
  data::Batch batch;
  batch.images = at::zeros({samples, 3, 4, 4});
  batch.first_position = first_position;
  batch.position_step = step;
  return batch;
}

TEST(ChannelDropout, DropsTheShareAskedForAndKeepsTheMean) {
  const auto factors = DrawChannelDropout(0.1, {512, 256}, BatchOf(64, 0, 1), {7, 2, 0});
  ASSERT_EQ(factors.size(), 2U);
  EXPECT_EQ(factors[0].sizes(), (std::vector<int64_t>{64, 512, 1, 1}));
  EXPECT_EQ(factors[1].sizes(), (std::vector<int64_t>{64, 256, 1, 1}));
  for (const at::Tensor& factor : factors) {
    EXPECT_NEAR(factor.eq(0).to(at::kFloat).mean().item<double>(), 0.1, 0.01);
    EXPECT_FLOAT_EQ(factor.max().item<float>(), 1 / 0.9F);
  }
  EXPECT_FALSE(factors[1].equal(factors[0].narrow(1, 0, 256))) << "each map has draws of its own";
  EXPECT_FALSE(factors[0][0].equal(factors[0][1])) << "and each sample";
}

TEST(ChannelDropout, IsTheSameForASampleOnAnyNumberOfRanks) {
  const BatchPosition position{7, 2, 5};
  const at::Tensor whole = DrawChannelDropout(0.5, {40}, BatchOf(4, 20, 1), position)[0];
  const at::Tensor even = DrawChannelDropout(0.5, {40}, BatchOf(2, 20, 2), position)[0];
  const at::Tensor odd = DrawChannelDropout(0.5, {40}, BatchOf(2, 21, 2), position)[0];
  EXPECT_TRUE(at::stack({even[0], odd[0], even[1], odd[1]}).equal(whole));
  EXPECT_FALSE(DrawChannelDropout(0.5, {40}, BatchOf(4, 20, 1), {7, 3, 5})[0].equal(whole));
  EXPECT_FALSE(DrawChannelDropout(0.5, {40}, BatchOf(4, 20, 1), {8, 2, 5})[0].equal(whole));
}

TEST(ChannelDropout, RateZeroLeavesAllAsItIs) {
  for (const at::Tensor& factor : DrawChannelDropout(0, {5, 6}, BatchOf(2, 0, 1), {})) EXPECT_FALSE(factor.defined());
}

}  // namespace
}  // namespace deepmad::train
