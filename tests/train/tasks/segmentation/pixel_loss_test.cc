#include "train/tasks/segmentation/pixel_loss.h"

#include <ATen/core/Reduction.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/full.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randint.h>
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

TEST(PixelCrossEntropy, InFixedOrderEqualsTheLibrarys) {
  const at::Tensor scores = at::rand({2, 5, 6, 7}, at::kDouble).mul(9).sub(4);
  at::Tensor labels = at::randint(5, {2, 6, 7}, at::kByte);
  labels.narrow(1, 2, 2).fill_(255);
  const at::Tensor a = scores.clone().requires_grad_(), b = scores.clone().requires_grad_();
  const at::Tensor wanted = at::cross_entropy_loss(a, labels.to(at::kLong), {}, at::Reduction::Sum, 255);
  const at::Tensor got = PixelEntropyInFixedOrder(b, labels);
  EXPECT_NEAR(got.item<double>(), wanted.item<double>(), 1e-12 * wanted.item<double>());
  wanted.backward();
  got.backward();
  EXPECT_LE(b.grad().sub(a.grad()).abs().max().item<double>(), 1e-12);
}

}  // namespace
}  // namespace deepmad::train
