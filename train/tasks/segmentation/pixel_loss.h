// Per-pixel cross entropy for semantic segmentation (docs/protocols/segmentation.md, section 4).
#pragma once

#include <ATen/core/Tensor.h>

namespace deepmad::train {

// The divisor of the sum over pixels.
enum class PixelMean {
  kAllPixels,       // all pixels, unlabelled ones included, as in the published UPerNet baselines
  kLabelledPixels,  // labelled pixels only; the loss is 0 if there are none
};

// Returns the cross entropy as a scalar. Logits [N, classes, h, w] are first resized to the size of the labels (bilinear, half-pixel
// centres), in float32, or float64 if the logits are. Labels are [N, H, W] uint8: 0..classes-1, or 255 for pixels that contribute 0.
at::Tensor PixelCrossEntropy(const at::Tensor& logits, const at::Tensor& labels, PixelMean mean);

// Returns minus the sum over pixels of log softmax(scores) at the label, as at::cross_entropy_loss does, but on a GPU added up in the same
// order each time. Scores are [N, classes, H, W], labels as above.
at::Tensor PixelEntropyInFixedOrder(const at::Tensor& scores, const at::Tensor& labels);

}  // namespace deepmad::train
