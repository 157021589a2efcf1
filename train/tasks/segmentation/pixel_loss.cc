#include "train/tasks/segmentation/pixel_loss.h"

#include <ATen/core/Reduction.h>
#include <ATen/ops/cross_entropy_loss.h>

#include "models/heads/upernet.h"

namespace deepmad::train {

at::Tensor PixelCrossEntropy(const at::Tensor& logits, const at::Tensor& labels, PixelMean mean) {
  constexpr int64_t kNoClass = 255;
  const at::Tensor precise = logits.scalar_type() == at::kDouble ? logits : logits.to(at::kFloat);
  const at::Tensor scores = models::ResizeMap(precise, labels.sizes().slice(1));
  const at::Tensor sum = at::cross_entropy_loss(scores, labels.to(at::kLong), {}, at::Reduction::Sum, kNoClass);
  if (mean == PixelMean::kAllPixels) return sum / static_cast<double>(labels.numel());
  return sum / labels.ne(kNoClass).sum().clamp_min(1);
}

}  // namespace deepmad::train
