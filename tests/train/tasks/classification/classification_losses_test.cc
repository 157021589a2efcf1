#include "train/tasks/classification/classification_losses.h"

#include <ATen/ops/linspace.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/train/golden.h"
#include "tests/train/reference.h"
#include "train/tasks/classification/mixing.h"

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

TEST(Losses, GivePythonsValues) {
  const nlohmann::json reference = Golden("training_reference.json")["losses"];
  const at::Tensor logits = FromNumbers(reference["logits"], {4, 5}).to(at::kFloat);
  const at::Tensor teacher = FromNumbers(reference["teacher"], {4, 5}).to(at::kFloat);
  Mix mix;
  mix.lam = reference["lam"];
  mix.partner = {3, 2, 1, 0};
  const at::Tensor targets =
      MixTargets(mix, PartnerIndex(mix, at::kCPU), SoftTargets(Labels(reference["labels"]), 5, reference["smoothing"]));
  ExpectNear(targets, reference["mixed_targets"], 1e-7);
  EXPECT_NEAR(SoftTargetCrossEntropy(logits, targets).item<double>(), reference["soft_target_cross_entropy"], 1e-6);
  EXPECT_NEAR(SoftTargetBinaryCrossEntropy(logits, targets).item<double>(), reference["binary_cross_entropy"], 1e-6);
  EXPECT_NEAR(DistillationCrossEntropy(logits, teacher).item<double>(), reference["distillation"], 1e-6);
}

TEST(Losses, AreComputedInFloat32ForHalfPrecisionLogits) {
  const at::Tensor logits = at::linspace(-2, 3, 6, at::kBFloat16).reshape({2, 3});
  const at::Tensor targets = SoftTargets(Labels({1, 2}), 3, 0);
  EXPECT_EQ(SoftTargetCrossEntropy(logits, targets).scalar_type(), at::kFloat);
  EXPECT_EQ(SoftTargetBinaryCrossEntropy(logits, targets).scalar_type(), at::kFloat);
}

}  // namespace
}  // namespace deepmad::train
