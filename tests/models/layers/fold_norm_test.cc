// The arithmetic of folding a norm into the convolution before it.
#include "models/layers/fold_norm.h"

#include <ATen/ops/batch_norm.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv3d.h>
#include <gtest/gtest.h>

#include "tests/models/formula_fill.h"

namespace deepmad::models {
namespace {

// The largest difference between convolution and norm, and the folded convolution, over the largest value. `weight` [6, 3, (3,) 3, 3].
double Difference(const at::Tensor& images, const at::Tensor& weight, double eps, at::ScalarType type) {
  const int64_t channels = weight.size(0);
  const at::Tensor w = weight.to(type), x = images.to(type);
  const at::Tensor gamma = FormulaTensor(1, {channels}, 1.2).to(type),
                   beta = FormulaTensor(2, {channels}, 0.5).to(type);  // negative ones too
  const at::Tensor mean = FormulaTensor(3, {channels}, 0.5).to(type), variance = FormulaTensor(4, {channels}, 0.5, 0.6).to(type);
  EXPECT_LT(gamma.min().item<double>(), 0);
  const auto convolve = [&](const at::Tensor& kernel, const at::Tensor& bias) {
    return kernel.dim() == 5 ? at::conv3d(x, kernel, bias) : at::conv2d(x, kernel, bias);
  };
  const at::Tensor expected = at::batch_norm(convolve(w, {}), gamma, beta, mean, variance, false, 0.1, eps, false);
  const ChannelAffine fold = FoldNorm(gamma, beta, mean, variance, eps);
  const at::Tensor folded = ScaleOutputChannels(w, fold.scale);
  EXPECT_EQ(folded.scalar_type(), type);
  return ((convolve(folded, fold.shift.to(type)) - expected).abs().max() / expected.abs().max()).item<double>();
}

TEST(FoldNorm, AFoldedConvolutionEqualsConvolutionAndNorm) {
  const at::Tensor images = FormulaImages({2, 3, 9, 8}), video = FormulaImages({2, 3, 5, 9, 8});
  const at::Tensor kernel = FormulaTensor(7, {6, 3, 3, 3}, 0.3), kernel_in_time = FormulaTensor(8, {6, 3, 3, 3, 3}, 0.2);
  for (const double eps : {1e-5, 1e-3}) {
    EXPECT_LT(Difference(images, kernel, eps, at::kDouble), 1e-14);
    EXPECT_LT(Difference(images, kernel, eps, at::kFloat), 1e-6);
    EXPECT_LT(Difference(video, kernel_in_time, eps, at::kFloat), 1e-6);
  }
}

TEST(FoldNorm, LeavesTheWeightsItWasGivenAndKeepsNoGradient) {
  at::Tensor weight = FormulaTensor(1, {2, 1, 1, 1}, 1).to(at::kFloat).requires_grad_();
  const at::Tensor before = weight.detach().clone();
  const at::Tensor ones = FormulaTensor(0, {2}, 0, 1), zeros = FormulaTensor(0, {2}, 0);
  const ChannelAffine fold = FoldNorm(ones * 3, ones, ones, zeros, 0.25);
  EXPECT_TRUE(at::equal(fold.scale, ones * 6));
  EXPECT_TRUE(at::equal(fold.shift, ones * -5));
  const at::Tensor folded = ScaleOutputChannels(weight, fold.scale);
  EXPECT_TRUE(at::equal(folded, before * 6));
  EXPECT_TRUE(at::equal(weight, before));
  EXPECT_FALSE(folded.requires_grad());
}

}  // namespace
}  // namespace deepmad::models
