#include "train/tasks/detection/detection_losses.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace deepmad::train {
namespace {

using Json = nlohmann::json;

at::Tensor Vector(const Json& values) { return at::tensor(values.get<std::vector<double>>(), at::kDouble); }
at::Tensor Matrix(const Json& rows) {
  std::vector<double> values;
  for (const auto& row : rows) values.insert(values.end(), row.begin(), row.end());
  return at::tensor(values, at::kDouble).view({static_cast<int64_t>(rows.size()), -1});
}

void ExpectNear(const at::Tensor& ours, const at::Tensor& wanted, double tolerance) {
  ASSERT_EQ(ours.sizes(), wanted.sizes());
  EXPECT_LT((ours - wanted).abs().max().item<double>(), tolerance);
}

// The gradient of the sum of `loss(input)`.
template <typename Loss>
at::Tensor Gradient(const at::Tensor& input, const Loss& loss) {
  const at::Tensor leaf = input.detach().clone().requires_grad_();
  loss(leaf).sum().backward();
  return leaf.grad();
}

TEST(DetectionLossesPeer, EqualTheDefinitionsWrittenOutInPython) {
  if (PeersPython().empty()) GTEST_SKIP() << "needs the Python peers: run scripts/setup.sh --peers";
  const TemporaryFolder folder;
  const std::string command =
      PeersPython() + " " + SourceFolder() + "/tests/train/tasks/detection/detection_losses_peer.py " + folder.File("losses.json");
  ASSERT_EQ(std::system(command.c_str()), 0);
  const Json peer = Json::parse(base::ReadFile(folder.File("losses.json")));
  const at::Tensor labels = Vector(peer.at("labels")).to(at::kLong), quality = Vector(peer.at("quality"));
  const at::Tensor logits = Matrix(peer.at("logits")), joint = Matrix(peer.at("joint")), sides = Matrix(peer.at("sides"));
  const at::Tensor boxes = Matrix(peer.at("boxes")), box_targets = Matrix(peer.at("box_targets")),
                   side_targets = Vector(peer.at("side_targets"));
  constexpr double kValue = 1e-9, kGradient = 1e-6;  // the peer's gradients are differences

  const auto focal = [&](const at::Tensor& x) { return SigmoidFocalSum(x, labels); };
  EXPECT_NEAR(focal(logits).item<double>(), peer.at("focal").get<double>(), kValue);
  ExpectNear(Gradient(logits, focal), Matrix(peer.at("focal_gradient")), kGradient);

  const auto quality_focal = [&](const at::Tensor& x) { return QualityFocalSum(x, labels, quality); };
  EXPECT_NEAR(quality_focal(joint).item<double>(), peer.at("quality_focal").get<double>(), kValue);
  ExpectNear(Gradient(joint, quality_focal), Matrix(peer.at("quality_focal_gradient")), kGradient);

  ExpectNear(BoxIou(boxes, box_targets), Vector(peer.at("iou")), kValue);
  const auto giou = [&](const at::Tensor& x) { return GeneralisedIou(x, box_targets); };
  ExpectNear(giou(boxes), Vector(peer.at("giou")), kValue);
  ExpectNear(Gradient(boxes, giou), Matrix(peer.at("giou_gradient")), kGradient);

  const auto distribution = [&](const at::Tensor& x) { return DistributionFocal(x, side_targets); };
  ExpectNear(distribution(sides), Vector(peer.at("distribution_focal")), kValue);
  ExpectNear(Gradient(sides, distribution), Matrix(peer.at("distribution_focal_gradient")), kGradient);
}

TEST(DetectionLosses, OfASurePredictionAreNearlyZero) {
  const at::Tensor labels = at::tensor(std::vector<int64_t>{1, 2}, at::kLong);  // the second is background
  const at::Tensor logits = at::tensor(std::vector<double>{-30, 30, -30, -30}, at::kDouble).view({2, 2});
  EXPECT_LT(SigmoidFocalSum(logits, labels).item<double>(), 1e-12);
  EXPECT_LT(QualityFocalSum(logits.sigmoid(), labels, at::tensor(std::vector<double>{1, 0}, at::kDouble)).item<double>(), 1e-12);
}

TEST(DetectionLosses, StayFiniteAtTheEndsOfTheirRange) {
  const at::Tensor labels = at::tensor(std::vector<int64_t>{0, 2}, at::kLong);
  const at::Tensor wrong = at::tensor(std::vector<double>{0, 1, 1, 1}, at::kDouble).view({2, 2});
  EXPECT_NEAR(QualityFocalSum(wrong, labels, at::tensor(std::vector<double>{1, 0}, at::kDouble)).item<double>(), 400, 1e-9);
  EXPECT_TRUE(std::isfinite(SigmoidFocalSum(wrong * 1e4 - 5e3, labels).item<double>()));
  const at::Tensor point = at::full({1, 4}, 3.0, at::kDouble);
  EXPECT_EQ(BoxIou(point, point).item<double>(), 0);
  EXPECT_EQ(GeneralisedIou(point, point).item<double>(), 0) << "without area the clamped areas are equal";
}

TEST(DetectionLosses, OfNoPositivesAreZeroAndKeepTheGraph) {
  const at::Tensor none = at::full({0, 4}, 1.0, at::kDouble).requires_grad_();
  const at::Tensor sum = GeneralisedIou(none, at::full({0, 4}, 1.0, at::kDouble)).sum();
  EXPECT_EQ(sum.item<double>(), 0);
  EXPECT_TRUE(sum.requires_grad());
  sum.backward();
}

TEST(DetectionLosses, GeneralisedIouFallsBelowZeroForBoxesApart) {
  const at::Tensor a = at::tensor(std::vector<double>{0, 0, 1, 1}, at::kDouble).view({1, 4});
  EXPECT_NEAR(GeneralisedIou(a, a + 3).item<double>(), -14.0 / 16, 1e-12);
  EXPECT_NEAR(GeneralisedIou(a, a).item<double>(), 1, 1e-12);
}

}  // namespace
}  // namespace deepmad::train
