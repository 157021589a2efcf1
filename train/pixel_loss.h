// Losses of segmentation: a class for each pixel (specification segmentation 4).
#pragma once

#include <ATen/core/Tensor.h>

namespace deepmad::train {

// What the sum over pixels is divided by.
enum class PixelMean {
  kAllPixels,       // those without a class too, as the published UPerNet baselines do
  kLabelledPixels,  // the others; 0 where there are none
};

// Cross entropy of logits [N, classes, h, w], brought to the size of the labels first (bilinear, half-pixel centres), in float32 (float64
// where the logits are); labels [N, H, W] uint8, 0..classes-1 or 255, which adds nothing. A scalar.
at::Tensor PixelCrossEntropy(const at::Tensor& logits, const at::Tensor& labels, PixelMean mean);

// Minus the sum over pixels of log softmax(scores) at the label: scores [N, classes, H, W], labels [N, H, W] uint8 as above. As
// at::cross_entropy_loss gives it, but on a GPU it is added up in the same order each time.
at::Tensor PixelEntropyInFixedOrder(const at::Tensor& scores, const at::Tensor& labels);

}  // namespace deepmad::train
