#include "train/tasks/segmentation/pixel_loss.h"

#include <ATen/ops/full.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>

namespace deepmad::train {
namespace {

at::Tensor Labels(at::IntArrayRef shape, int64_t value) { return at::full(shape, value, at::kByte); }

TEST(PixelCrossEntropy, IsNothingWithoutAnyLabelAndHasNoGradient) {
  for (const PixelMean mean : {PixelMean::kAllPixels, PixelMean::kLabelledPixels}) {
    const at::Tensor logits = at::rand({2, 5, 4, 4}).requires_grad_();
    const at::Tensor loss = PixelCrossEntropy(logits, Labels({2, 8, 8}, 255), mean);
    EXPECT_EQ(loss.item<double>(), 0);
    loss.backward();
    EXPECT_EQ(logits.grad().abs().max().item<double>(), 0);
  }
}

TEST(PixelCrossEntropy, DividesByAllPixelsOrByThoseWithALabel) {
  at::Tensor labels = Labels({1, 4, 4}, 255);
  labels.narrow(1, 0, 1).fill_(2);  // a quarter
  const at::Tensor logits = at::zeros({1, 8, 4, 4});
  EXPECT_NEAR(PixelCrossEntropy(logits, labels, PixelMean::kLabelledPixels).item<double>(), std::log(8), 1e-6);
  EXPECT_NEAR(PixelCrossEntropy(logits, labels, PixelMean::kAllPixels).item<double>(), std::log(8) / 4, 1e-6);
}

TEST(PixelCrossEntropy, BringsLogitsToTheLabelsInFloat32) {
  const at::Tensor logits = at::rand({2, 3, 2, 3});
  const at::Tensor labels = Labels({2, 9, 7}, 1);
  const at::Tensor loss = PixelCrossEntropy(logits.to(at::kBFloat16), labels, PixelMean::kAllPixels);
  EXPECT_EQ(loss.scalar_type(), at::kFloat);
  EXPECT_NEAR(loss.item<double>(), PixelCrossEntropy(logits, labels, PixelMean::kAllPixels).item<double>(), 1e-2);
}

}  // namespace
}  // namespace deepmad::train
