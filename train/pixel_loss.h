// Per-pixel cross entropy for semantic segmentation (docs/protocols/segmentation.md, section 4).
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

}  // namespace deepmad::train
