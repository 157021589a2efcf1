#include "models/heads/scene_inference.h"

#include <ATen/ops/allclose.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/softmax.h>
#include <gtest/gtest.h>

namespace deepmad::models {
namespace {

// Two classes on a map a quarter as large, rounded up, as a network of stride 4 gives.
at::Tensor Quarter(const at::Tensor& images) {
  const at::Tensor pooled = at::avg_pool2d(images, {4, 4}, {4, 4}, {0, 0}, /*ceil_mode=*/true);
  return at::cat({pooled.narrow(1, 0, 1), pooled.sum(1, /*keepdim=*/true)}, 1);
}

std::vector<Window> Windows(std::initializer_list<Window> windows) { return windows; }

TEST(SlidingWindows, EqualThePublishedGrids) {
  EXPECT_EQ(SlidingWindows(300, 512, 341), Windows({{0, 300}}));
  EXPECT_EQ(SlidingWindows(512, 512, 341), Windows({{0, 512}}));
  EXPECT_EQ(SlidingWindows(513, 512, 341), Windows({{0, 512}, {1, 513}}));
  EXPECT_EQ(SlidingWindows(683, 512, 341), Windows({{0, 512}, {171, 683}}));
  EXPECT_EQ(SlidingWindows(853, 512, 341), Windows({{0, 512}, {341, 853}}));
  EXPECT_EQ(SlidingWindows(854, 512, 341), Windows({{0, 512}, {341, 853}, {342, 854}}));
  EXPECT_EQ(SlidingWindows(1024, 512, 341), Windows({{0, 512}, {341, 853}, {512, 1024}}));
  EXPECT_EQ(SlidingWindows(2048, 512, 341), Windows({{0, 512}, {341, 853}, {682, 1194}, {1023, 1535}, {1364, 1876}, {1536, 2048}}));
}

TEST(SceneInference, BringsLogitsToTheSizeOfTheImage) {
  const at::Tensor images = at::rand({2, 3, 37, 51});
  EXPECT_EQ(WholeLogits(Quarter, images).sizes().vec(), (std::vector<int64_t>{2, 2, 37, 51}));
  EXPECT_EQ(SlideLogits(Quarter, images, 16, 11).sizes().vec(), (std::vector<int64_t>{2, 2, 37, 51}));
}

TEST(SceneInference, SlidingEqualsTheWholeOnOneWindow) {
  for (const auto& [height, width] : {std::pair{32, 32}, std::pair{20, 31}, std::pair{1, 32}}) {
    const at::Tensor images = at::rand({1, 3, height, width});
    EXPECT_TRUE(at::equal(SlideLogits(Quarter, images, 32, 21), WholeLogits(Quarter, images)));
  }
}

TEST(SceneInference, AveragesWhatOverlappingWindowsSayAndLeavesNoPixelOut) {
  // A network that sees single pixels says the same in each window.
  const auto pixelwise = [](const at::Tensor& images) { return images * 2; };
  for (const auto& [height, width] : {std::pair{50, 70}, std::pair{33, 32}, std::pair{16, 90}}) {
    const at::Tensor images = at::rand({1, 3, height, width});
    EXPECT_TRUE(at::allclose(SlideLogits(pixelwise, images, 32, 21), images * 2));
  }
  // The second window is told apart: its pixels are the mean where both see them.
  int windows = 0;
  const at::Tensor logits = SlideLogits(
      [&](const at::Tensor& part) {
        return at::ones({1, 1, 1, 1}) * windows++ + part.narrow(1, 0, 1) * 0;
      },
      at::rand({1, 3, 32, 40}), 32, 20);
  EXPECT_TRUE(at::allclose(logits.slice(3, 0, 8), at::ones({1, 1, 32, 8}) * 0.0));
  EXPECT_TRUE(at::allclose(logits.slice(3, 8, 32), at::ones({1, 1, 32, 24}) * 0.5));
  EXPECT_TRUE(at::allclose(logits.slice(3, 32, 40), at::ones({1, 1, 32, 8}) * 1.0));
}

TEST(ScaleMean, AveragesProbabilitiesOfScalesAndMirrorImages) {
  const at::Tensor logits = at::rand({1, 4, 6, 9});
  ScaleMean mean(6, 9);
  mean.Add(logits, false);
  mean.Add(logits.flip(3), true);
  EXPECT_TRUE(at::allclose(mean.Probabilities(), at::softmax(logits, 1))) << "the mirror image of the same says the same";
  mean.Add(at::rand({1, 4, 12, 18}), false);
  const at::Tensor probabilities = mean.Probabilities();
  EXPECT_EQ(probabilities.sizes().vec(), (std::vector<int64_t>{1, 4, 6, 9}));
  EXPECT_TRUE(at::allclose(probabilities.sum(1), at::ones({1, 6, 9})));
}

}  // namespace
}  // namespace deepmad::models
