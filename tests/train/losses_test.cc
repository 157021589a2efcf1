#include "train/losses.h"

#include <ATen/ops/linspace.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>

namespace deepmad::train {
namespace {

at::Tensor Labels(std::vector<int64_t> labels) { return at::tensor(labels, at::kLong); }

TEST(Losses, SmoothedTargetsSumToOne) {
  const at::Tensor targets = SoftTargets(Labels({2, 0}), 4, 0.1);
  EXPECT_FLOAT_EQ(targets[0][2].item<float>(), 0.925F);
  EXPECT_FLOAT_EQ(targets[0][0].item<float>(), 0.025F);
  EXPECT_FLOAT_EQ(targets[1].sum().item<float>(), 1);
}

TEST(Losses, CrossEntropyEqualsItsFormula) {
  const at::Tensor logits = at::linspace(-2, 3, 6, at::kFloat).reshape({2, 3});
  const at::Tensor targets = SoftTargets(Labels({1, 2}), 3, 0.3);
  double expected = 0;
  for (int64_t n = 0; n < 2; ++n) {
    double sum = 0;
    for (int64_t k = 0; k < 3; ++k) sum += std::exp(logits[n][k].item<double>());
    for (int64_t k = 0; k < 3; ++k) expected -= targets[n][k].item<double>() * (logits[n][k].item<double>() - std::log(sum)) / 2;
  }
  EXPECT_NEAR(SoftTargetCrossEntropy(logits, targets).item<double>(), expected, 1e-6);
}

TEST(Losses, BinaryCrossEntropyEqualsItsFormula) {
  const at::Tensor logits = at::linspace(-2, 3, 6, at::kFloat).reshape({2, 3});
  const at::Tensor targets = SoftTargets(Labels({1, 2}), 3, 0.3);
  double expected = 0;
  for (int64_t n = 0; n < 2; ++n) {
    for (int64_t k = 0; k < 3; ++k) {
      const double p = 1 / (1 + std::exp(-logits[n][k].item<double>()));
      const double t = targets[n][k].item<double>();
      expected -= (t * std::log(p) + (1 - t) * std::log(1 - p)) / 6;
    }
  }
  EXPECT_NEAR(SoftTargetBinaryCrossEntropy(logits, targets).item<double>(), expected, 1e-6);
}

TEST(Losses, AreComputedInFloat32ForHalfPrecisionLogits) {
  const at::Tensor logits = at::linspace(-2, 3, 6, at::kBFloat16).reshape({2, 3});
  const at::Tensor targets = SoftTargets(Labels({1, 2}), 3, 0);
  EXPECT_EQ(SoftTargetCrossEntropy(logits, targets).scalar_type(), at::kFloat);
  EXPECT_EQ(SoftTargetBinaryCrossEntropy(logits, targets).scalar_type(), at::kFloat);
}

}  // namespace
}  // namespace deepmad::train
