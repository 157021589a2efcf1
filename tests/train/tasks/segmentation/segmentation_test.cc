// The task of semantic segmentation; runs of it are in tests/cli/segmentation_test.cc.
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include "models/heads/upernet.h"
#include "models/network/init.h"
#include "models/network/network.h"
#include "train/tasks/segmentation/pixel_loss.h"
#include "train/tasks/task.h"

namespace deepmad::train {
namespace {

mad::NetworkSpec Structure() {
  mad::NetworkSpec spec;
  spec.name = "small";
  spec.input = {.channels = 3, .height = 64, .width = 64};
  for (const int channels : {6, 8, 10, 12, 14}) spec.blocks.push_back({.type = "conv", .stride = 2, .out_channels = channels});
  spec.head = {.type = "upernet", .classes = 5, .channels = 16};
  return spec;
}

double LossOf(const std::string& section, models::Network& network, data::Batch& batch) {
  const auto task = TaskRegistry::Get().Create("segmentation", base::Config::FromText(section), 5);
  return task->Loss(network, batch, {3, 0, 0}).item<double>();
}

TEST(Segmentation, TheLossIsThatOfTheMainHeadAndAPartOfTheAuxiliaryOnes) {
  const auto network = models::BuildNetwork(Structure());
  models::Initialize(*network, {}, 1);
  data::Batch batch;
  batch.images = at::randn({2, 3, 64, 64});
  batch.labels = at::randint(5, {2, 64, 64}, at::kByte);
  batch.labels.slice(1, 0, 32).fill_(255);
  const auto& head = dynamic_cast<const models::UPerNet&>(*network->head());
  const std::vector<at::Tensor> features = network->ForwardFeatures(batch.images);
  const auto loss = [&](const at::Tensor& logits, PixelMean mean) { return PixelCrossEntropy(logits, batch.labels, mean).item<double>(); };
  const double main = loss(head.ForwardMain(features), PixelMean::kAllPixels);
  const double auxiliary = loss(head.ForwardAuxiliary(features), PixelMean::kAllPixels);
  EXPECT_NEAR(LossOf("{dropout: 0}", *network, batch), main + 0.4 * auxiliary, 1e-6);
  EXPECT_NEAR(LossOf("{dropout: 0, auxiliary_weight: 0}", *network, batch), main, 1e-6);
  EXPECT_NEAR(LossOf("{dropout: 0, avg_non_ignore: true}", *network, batch), 2 * (main + 0.4 * auxiliary), 1e-5) << "half have no class";
  EXPECT_NE(LossOf("{}", *network, batch), LossOf("{dropout: 0}", *network, batch));
  EXPECT_EQ(LossOf("{}", *network, batch), LossOf("{}", *network, batch)) << "what is dropped is a matter of seed and place alone";
}

TEST(Segmentation, AllParametersAreTrained) {
  const auto network = models::BuildNetwork(Structure());
  models::Initialize(*network, {}, 1);
  data::Batch batch;
  batch.images = at::randn({2, 3, 64, 64});
  batch.labels = at::randint(5, {2, 64, 64}, at::kByte);
  const auto task = TaskRegistry::Get().Create("segmentation", base::Config::FromText("{auxiliary_weight: 0}"), 5);
  task->Loss(*network, batch, {}).backward();
  for (const auto& named : network->named_parameters()) EXPECT_TRUE(named.value().grad().defined()) << named.key();
}

}  // namespace
}  // namespace deepmad::train
