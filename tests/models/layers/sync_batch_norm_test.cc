// Ranks with parts of a batch against one pass over the whole of it.
#include "models/layers/sync_batch_norm.h"

#include <ATen/ops/cat.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/models/formula_fill.h"
#include "tests/models/layers/sync_norm_kernels.h"
#include "tests/models/rank_threads.h"

namespace deepmad::models {
namespace {

struct Case {
  std::vector<int64_t> sizes;  // of the ranks' batches
  std::vector<int64_t> map;    // C, (T,) H, W
  bool relu, residual;
};

const std::vector<Case>& Cases() {
  static const std::vector<Case> cases = {{{2, 2}, {5, 3, 4}, false, false},
                                          {{1, 2, 5, 7}, {3, 5, 4}, true, true},
                                          {{3, 1}, {16, 1, 1}, true, false},
                                          {{1, 1, 1}, {4, 6, 6}, false, true},
                                          {{2, 3}, {4, 2, 3, 3}, true, true}};
  return cases;
}

// Of a pass: output, running statistics, gradients of x, residual, weight and bias; all float64.
struct Result {
  at::Tensor y, running_mean, running_var, x, residual, weight, bias;
};

at::Tensor Whole(uint64_t key, const Case& of, at::ScalarType type) {
  int64_t samples = 0;
  for (const int64_t size : of.sizes) samples += size;
  std::vector<int64_t> shape = {samples};
  shape.insert(shape.end(), of.map.begin(), of.map.end());
  const auto layout = of.map.size() == 4 ? at::MemoryFormat::ChannelsLast3d : at::MemoryFormat::ChannelsLast;
  return FormulaTensor(key, shape, 1.5, 0.25).to(at::kBFloat16).to(type).contiguous(layout);
}

// `group` null: the separate operations over everything.
Result Pass(const Case& of, at::ScalarType type, int64_t begin, int64_t size, const ProcessGroup* group) {
  const at::ScalarType kept = type == at::kBFloat16 ? at::kFloat : type;
  const int64_t channels = of.map[0];
  const auto part = [&](uint64_t key) { return Whole(key, of, type).narrow(0, begin, size).clone(); };
  const at::Tensor x = part(1).set_requires_grad(true);
  const at::Tensor residual = of.residual ? part(2).set_requires_grad(true) : at::Tensor();
  const NormArguments norm{FormulaTensor(3, {channels}, 0.7, 0.4).to(kept).set_requires_grad(true),
                           FormulaTensor(4, {channels}, 0.5).to(kept).set_requires_grad(true),
                           FormulaTensor(5, {channels}, 0.5).to(kept),
                           FormulaTensor(6, {channels}, 0.4, 1).to(kept),
                           true,
                           0.1,
                           1e-5};
  const NormTail tail{residual, of.relu};
  const at::Tensor y = group != nullptr ? SyncNormAct(x, norm, tail, *group) : NormActByOperations(x, norm, tail);
  y.backward(part(7));
  const auto wide = [](const at::Tensor& tensor) { return tensor.defined() ? tensor.detach().to(at::kDouble) : at::Tensor(); };
  return {wide(y),
          wide(norm.running_mean),
          wide(norm.running_var),
          wide(x.grad()),
          of.residual ? wide(residual.grad()) : at::Tensor(),
          wide(norm.weight.grad()),
          wide(norm.bias.grad())};
}

std::vector<Result> RankPasses(const Case& of, at::ScalarType type) {
  std::vector<Result> results(of.sizes.size());
  RankThreads(static_cast<int>(of.sizes.size())).Run([&](const ProcessGroup& group) {
    int64_t begin = 0;
    for (int rank = 0; rank < group.rank(); ++rank) begin += of.sizes[static_cast<size_t>(rank)];
    const auto own = static_cast<size_t>(group.rank());
    results[own] = Pass(of, type, begin, of.sizes[own], &group);
  });
  return results;
}

void ExpectClose(const at::Tensor& actual, const at::Tensor& expected, double tolerance, const std::string& what) {
  ASSERT_EQ(actual.sizes(), expected.sizes()) << what;
  EXPECT_LE((actual - expected).abs().max().item<double>(), tolerance * std::max(1.0, expected.abs().max().item<double>())) << what;
}

// `with_relu`: also cases whose gradient jumps where a rounded value changes its sign.
void ExpectRanksEqualOnePass(at::ScalarType type, double tolerance, bool with_relu = true) {
  for (const Case& of : Cases()) {
    if (of.relu && !with_relu) continue;
    const Result one = Pass(of, at::kDouble, 0, Whole(1, of, type).size(0), nullptr);
    const std::vector<Result> ranks = RankPasses(of, type);
    const auto join = [&](at::Tensor Result::*member) {
      std::vector<at::Tensor> parts;
      for (const Result& rank : ranks) parts.push_back(rank.*member);
      return at::cat(parts);
    };
    ExpectClose(join(&Result::y), one.y, tolerance, "y");
    ExpectClose(join(&Result::x), one.x, tolerance, "gradient of x");
    if (of.residual) ExpectClose(join(&Result::residual), one.residual, tolerance, "gradient of the residual");
    at::Tensor weight = at::zeros_like(one.weight), bias = at::zeros_like(one.bias);
    for (const Result& rank : ranks) {
      weight += rank.weight;
      bias += rank.bias;
      ExpectClose(rank.running_mean, one.running_mean, tolerance, "running mean");
      ExpectClose(rank.running_var, one.running_var, tolerance, "running variance");
    }
    ExpectClose(weight, one.weight, tolerance, "gradient of the weight");
    ExpectClose(bias, one.bias, tolerance, "gradient of the bias");
  }
}

TEST(SyncBatchNorm, RanksWithAnyShareEqualOnePassInFloat64) { ExpectRanksEqualOnePass(at::kDouble, 1e-12); }
TEST(SyncBatchNorm, IsAsCloseToFloat64AsFloat32CanBe) { ExpectRanksEqualOnePass(at::kFloat, 1e-5); }
// The output is rounded to 8 bits before the residual is added.
TEST(SyncBatchNorm, WorksInBfloat16) { ExpectRanksEqualOnePass(at::kBFloat16, 1.0 / 64, /*with_relu=*/false); }

// What is exchanged and how it is put together, by the kernels' formulas; the kernels themselves need a GPU.
TEST(SyncBatchNorm, GivesTheSameByTheLibrarysKernels) {
  const SyncNormKernels kernels;
  ExpectRanksEqualOnePass(at::kFloat, 1e-5);
  EXPECT_GT(SyncNormKernels::calls(), 0);
  ExpectRanksEqualOnePass(at::kBFloat16, 1.0 / 64, /*with_relu=*/false);
  const int calls = SyncNormKernels::calls();
  ExpectRanksEqualOnePass(at::kDouble, 1e-12);
  EXPECT_EQ(SyncNormKernels::calls(), calls);  // float64 goes by the separate operations
}

TEST(SyncBatchNorm, KeepsTheVarianceOfValuesFarFromZero) {
  const at::Tensor whole = (FormulaTensor(1, {8, 4, 16, 16}, 1) + 1000).to(at::kFloat);
  const at::Tensor expected = whole.to(at::kDouble).permute({1, 0, 2, 3}).reshape({4, -1}).var(1);
  RankThreads(2).Run([&](const ProcessGroup& group) {
    const auto vector = [](double value) { return at::full({4}, value); };
    const NormArguments norm{vector(1), vector(0), vector(0), vector(1), true, 1, 1e-5};
    SyncNormAct(whole.narrow(0, 4 * group.rank(), 4), norm, {}, group);
    EXPECT_LT((norm.running_var.to(at::kDouble) / expected - 1).abs().max().item<double>(), 1e-5);
  });
}

}  // namespace
}  // namespace deepmad::models
