#include "train/tasks/action/multi_view_scores.h"

#include <ATen/ops/allclose.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "models/network/init.h"

namespace deepmad::train {
namespace {

std::shared_ptr<models::Network> Small(bool clips) {
  mad::NetworkSpec spec;
  spec.input = {3, 16, 16, clips ? 4 : 1};
  spec.blocks = {{.type = clips ? "conv3d" : "conv", .stride = 2, .out_channels = 8}};
  spec.head.classes = 5;
  const auto network = models::BuildNetwork(spec);
  models::Initialize(*network, {}, 3);
  network->eval();
  return network;
}

TEST(VideoScores, DoNotDependOnHowManyViewsGoTogether) {
  const c10::InferenceMode inference;
  for (const bool clips : {false, true}) {
    const auto network = Small(clips);
    const at::Tensor images = clips ? at::randn({2, 6, 3, 4, 16, 16}) : at::randn({2, 6, 3, 16, 16});
    const at::Tensor whole = ViewLogits(*network, images, 1000);
    EXPECT_EQ(whole.sizes(), (std::vector<int64_t>{2, 6, 5}));
    for (const int64_t views : {1, 4, 5, 12}) {
      const at::Tensor logits = ViewLogits(*network, images, views);
      EXPECT_TRUE(at::allclose(logits, whole, 1e-5, 1e-6)) << views;
      EXPECT_TRUE(at::allclose(LogScores(logits, clips), LogScores(whole, clips), 1e-5, 1e-6));
    }
    const at::Tensor alone = network->Forward(images[1].narrow(0, 3, 1));
    EXPECT_TRUE(at::allclose(alone[0], whole[1][3], 1e-5, 1e-6)) << "view 3 of video 1 is where it belongs";
  }
}

TEST(VideoScores, AreMeansOfLogitsOrOfProbabilitiesAndThatMatters) {
  const at::Tensor logits = at::tensor({10.0F, 0.0F, 0.0F, 2.0F, 0.0F, 2.0F}).reshape({1, 3, 2});
  const at::Tensor by_logits = LogScores(logits, false), by_probabilities = LogScores(logits, true);
  EXPECT_EQ(at::argmax(by_logits, 1).item<int64_t>(), 0);
  EXPECT_EQ(at::argmax(by_probabilities, 1).item<int64_t>(), 1) << "two views of three say so";
  EXPECT_TRUE(at::allclose(by_logits, logits.to(at::kDouble).mean(1)));
  EXPECT_TRUE(at::allclose(at::softmax(by_probabilities, 1), at::softmax(logits.to(at::kDouble), 2).mean(1), 1e-12, 1e-12));
}

TEST(VideoScores, OfOneViewAreItsOwn) {
  const at::Tensor logits = at::randn({3, 1, 7});
  EXPECT_TRUE(at::allclose(at::softmax(LogScores(logits, true), 1), at::softmax(LogScores(logits, false), 1), 1e-9, 1e-12));
}

TEST(VideoScores, TheMeanBeforeTheClassifierIsTheMeanBehindIt) {
  const c10::InferenceMode inference;
  const auto network = Small(false);
  const at::Tensor images = at::randn({2, 3, 3, 16, 16});
  const at::Tensor before = network->Classify(network->ForwardMeans(images.flatten(0, 1)).unflatten(0, {2, 3}).mean(1));
  EXPECT_TRUE(at::allclose(before.to(at::kDouble), LogScores(ViewLogits(*network, images, 10), false), 1e-5, 1e-6));
}

}  // namespace
}  // namespace deepmad::train
