// Loss, logits, gradients and running statistics of one training step against those of the published reference, in float64. Batch norms on
// few samples are ill-conditioned, hence 1e-6.
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "tests/models/forward_golden.h"

namespace deepmad::models {
namespace {

constexpr double kRelative = 1e-6;

void ExpectTheReference(const std::string& name) {
  const base::Json& golden = GoldenOf("train", name);
  const auto network = FilledNetwork(golden, at::kDouble);
  const at::Tensor logits = network->Forward(GoldenImages(golden));
  ExpectLike(logits, golden.at("logits"), kRelative, "logits");
  const at::Tensor loss = at::cross_entropy_loss(logits, at::tensor(golden.at("labels").get<std::vector<int64_t>>()));
  EXPECT_NEAR(loss.item<double>(), golden.at("loss").get<double>(), kRelative * golden.at("loss").get<double>());
  loss.backward();

  double squares = 0;
  for (const auto& item : network->named_parameters()) squares += item.value().grad().square().sum().item<double>();
  const double norm = golden.at("grad_global_l2");
  EXPECT_NEAR(std::sqrt(squares), norm, kRelative * norm);
  const auto parameters = network->named_parameters();
  for (const base::Json& grad : golden.at("grads")) {
    const std::string key = grad.at("key");
    ExpectLike(parameters[key].grad(), grad, kRelative, key);
    EXPECT_NEAR(parameters[key].grad().norm().item<double>(), grad.at("l2").get<double>(), kRelative * grad.at("l2").get<double>()) << key;
  }
  const auto buffers = network->named_buffers();
  for (const base::Json& stat : golden.at("running_stats_after_one_forward")) {
    const std::string key = stat.at("key");
    ExpectLike(buffers[key], stat, kRelative, key);
  }
}

TEST(TrainingGolden, DeepMadR18) { ExpectTheReference("deepmad-r18"); }
TEST(TrainingGolden, DeepMad29M) { ExpectTheReference("deepmad-29m-224"); }

}  // namespace
}  // namespace deepmad::models
