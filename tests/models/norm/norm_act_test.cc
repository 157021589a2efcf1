// The fused pass against the separate operations, in float64, float32 and bfloat16.
#include "models/norm/norm_act.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tests/models/formula_fill.h"

namespace deepmad::models {
namespace {

struct Case {
  std::vector<int64_t> shape;
  bool training = true, relu = false, residual = false;
};

// Output, running statistics and gradients of x, weight, bias and the residual, all float64.
using Result = std::vector<at::Tensor>;
using Operation = at::Tensor (*)(const at::Tensor&, const NormArguments&, const NormTail&);

at::MemoryFormat LayoutOf(const Case& shape) {
  return shape.shape.size() == 5 ? at::MemoryFormat::ChannelsLast3d : at::MemoryFormat::ChannelsLast;
}

// Values that bfloat16 holds exactly, so that every type starts from the same numbers.
at::Tensor Values(uint64_t key, const Case& shape, at::ScalarType type) {
  return FormulaTensor(key, shape.shape, 1.5, 0.25).to(at::kBFloat16).to(type).contiguous(LayoutOf(shape));
}

Result PassOf(Operation operation, const Case& of, at::ScalarType type) {
  const at::ScalarType kept = type == at::kBFloat16 ? at::kFloat : type;
  const int64_t channels = of.shape[1];
  const at::Tensor x = Values(1, of, type).set_requires_grad(true);
  const at::Tensor residual = of.residual ? Values(2, of, type).set_requires_grad(true) : at::Tensor();
  const NormArguments norm{FormulaTensor(3, {channels}, 0.7, 0.4).to(kept).set_requires_grad(true),
                           FormulaTensor(4, {channels}, 0.5).to(kept).set_requires_grad(true),
                           FormulaTensor(5, {channels}, 0.5).to(kept),
                           FormulaTensor(6, {channels}, 0.4, 1).to(kept),
                           of.training,
                           0.1,
                           1e-5};
  const at::Tensor y = operation(x, norm, {residual, of.relu});
  y.backward(Values(7, of, type));
  Result result = {y.detach(), norm.running_mean, norm.running_var, x.grad(), norm.weight.grad(), norm.bias.grad()};
  if (of.residual) result.push_back(residual.grad());
  for (at::Tensor& tensor : result) tensor = tensor.to(at::kDouble);
  return result;
}

const std::vector<Case>& Cases() {
  static const std::vector<Case> cases = [] {
    std::vector<Case> result;
    const std::vector<std::vector<int64_t>> shapes = {{4, 3, 5, 7},    {2, 64, 9, 9}, {3, 130, 4, 5},
                                                      {16, 8, 40, 40}, {5, 16, 1, 1}, {2, 6, 3, 4, 5}};
    for (const auto& shape : shapes) {
      for (const bool training : {true, false}) {
        for (const bool relu : {true, false}) {
          for (const bool residual : {true, false}) result.push_back({shape, training, relu, residual});
        }
      }
    }
    return result;
  }();
  return cases;
}

// Largest difference over the largest value of each tensor.
void ExpectClose(const Result& actual, const Result& expected, double tolerance, const Case& of) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    const double difference = (actual[i] - expected[i]).abs().max().item<double>();
    EXPECT_LE(difference, tolerance * std::max(1.0, expected[i].abs().max().item<double>()))
        << "tensor " << i << " of " << of.shape.size() << "-D map with " << of.shape[1] << " channels, training " << of.training
        << ", relu " << of.relu << ", residual " << of.residual;
  }
}

TEST(NormAct, EqualsTheSeparateOperationsInFloat64) {
  for (const Case& of : Cases()) ExpectClose(PassOf(NormAct, of, at::kDouble), PassOf(NormActByOperations, of, at::kDouble), 1e-12, of);
}

TEST(NormAct, IsAsCloseToFloat64AsFloat32CanBe) {
  for (const Case& of : Cases()) ExpectClose(PassOf(NormAct, of, at::kFloat), PassOf(NormActByOperations, of, at::kDouble), 4e-6, of);
}

TEST(NormAct, RoundsToBfloat16OnlyOnceInEachDirection) {
  for (const Case& of : Cases()) {
    // Half a unit in the last of 8 bits, relative to the largest value.
    ExpectClose(PassOf(NormAct, of, at::kBFloat16), PassOf(NormActByOperations, of, at::kDouble), 1.0 / 256, of);
  }
}

TEST(NormAct, GivesTheSameBitsOnAnyNumberOfThreads) {
  const int threads = at::get_num_threads();
  for (const Case& of : Cases()) {
    at::set_num_threads(1);
    const Result one = PassOf(NormAct, of, at::kFloat);
    at::set_num_threads(3);
    const Result three = PassOf(NormAct, of, at::kFloat);
    for (size_t i = 0; i < one.size(); ++i) EXPECT_TRUE(at::equal(one[i], three[i])) << i;
  }
  at::set_num_threads(threads);
}

NormArguments Plain(int64_t channels, bool training) {
  return {at::ones({channels}), at::zeros({channels}), at::zeros({channels}), at::ones({channels}), training, 0.1, 1e-5};
}

TEST(NormAct, LeavesOtherLayoutsToTheSeparateOperations) {
  const at::Tensor whole = FormulaTensor(1, {3, 6, 4, 8}, 1).to(at::kFloat);
  for (const at::Tensor& x :
       {whole, whole.contiguous(at::MemoryFormat::ChannelsLast).slice(3, 0, 8, 2), whole.to(at::kHalf).to(at::kFloat)}) {
    EXPECT_TRUE(at::equal(NormAct(x, Plain(6, true), {{}, true}), NormActByOperations(x, Plain(6, true), {{}, true})));
  }
}

TEST(NormAct, TakesAGradientOfAnyLayout) {
  const at::Tensor x = FormulaTensor(1, {3, 6, 4, 5}, 1).contiguous(at::MemoryFormat::ChannelsLast).set_requires_grad(true);
  NormArguments norm = Plain(6, false);
  for (at::Tensor* tensor : {&norm.weight, &norm.bias, &norm.running_mean, &norm.running_var}) *tensor = tensor->to(at::kDouble);
  NormAct(x, norm, {}).sum().backward();  // one number, expanded
  EXPECT_NEAR(x.grad().min().item<double>(), 1 / std::sqrt(1 + 1e-5), 1e-12);
  EXPECT_NEAR(x.grad().max().item<double>(), 1 / std::sqrt(1 + 1e-5), 1e-12);
}

TEST(NormAct, KeepsTheVarianceOfValuesFarFromZero) {
  const at::Tensor x = (FormulaTensor(1, {8, 4, 32, 32}, 1) + 1000).to(at::kFloat).contiguous(at::MemoryFormat::ChannelsLast);
  NormArguments norm = Plain(4, true);
  norm.momentum = 1;
  NormAct(x, norm, {});
  const at::Tensor expected = x.to(at::kDouble).permute({1, 0, 2, 3}).reshape({4, -1}).var(1);
  EXPECT_LT((norm.running_var.to(at::kDouble) / expected - 1).abs().max().item<double>(), 1e-5);
}

TEST(NormAct, NotANumberStaysOne) {
  const at::Tensor x = FormulaTensor(1, {2, 4, 3, 3}, 1).to(at::kFloat).contiguous(at::MemoryFormat::ChannelsLast);
  x[0][0][0][0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(NormAct(x, Plain(4, true), {{}, true}).sum().item<double>()));
  EXPECT_TRUE(std::isnan(NormAct(x, Plain(4, false), {{}, true}).sum().item<double>()));
}

TEST(NormAct, KeepsNothingWithoutGradients) {
  const at::Tensor x = FormulaTensor(1, {2, 4, 3, 3}, 1).to(at::kFloat).contiguous(at::MemoryFormat::ChannelsLast).set_requires_grad(true);
  at::Tensor without;
  {
    const at::NoGradGuard no_grad;
    without = NormAct(x, Plain(4, false), {{}, true});
  }
  EXPECT_FALSE(without.requires_grad());
  EXPECT_TRUE(at::equal(without, NormAct(x, Plain(4, false), {{}, true}).detach()));
}

}  // namespace
}  // namespace deepmad::models
