#include "train/tasks/segmentation/pixel_loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/Reduction.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/log_softmax.h>

#include "models/heads/upernet.h"
#include "models/layers/fixed_order.h"

namespace deepmad::train {
namespace {

constexpr int64_t kNoClass = 255;

at::Tensor PixelEntropy(const at::Tensor& scores, const at::Tensor& labels) {
  if (models::WantsFixedOrder(scores)) return PixelEntropyInFixedOrder(scores, labels);
  return at::cross_entropy_loss(scores, labels.to(at::kLong), {}, at::Reduction::Sum, kNoClass);
}

}  // namespace

at::Tensor PixelEntropyInFixedOrder(const at::Tensor& scores, const at::Tensor& labels) {
  const at::Tensor classes = at::arange(scores.size(1), labels.options()).view({1, -1, 1, 1});
  const at::Tensor others = labels.unsqueeze(1).ne(classes);  // of a pixel without a class all
  return -at::log_softmax(scores, 1).masked_fill(others, 0).sum();
}

at::Tensor PixelCrossEntropy(const at::Tensor& logits, const at::Tensor& labels, PixelMean mean) {
  const at::Tensor precise = logits.scalar_type() == at::kDouble ? logits : logits.to(at::kFloat);
  const at::Tensor scores = models::ResizeMap(precise, labels.sizes().slice(1));
  const at::Tensor sum = PixelEntropy(scores, labels);
  if (mean == PixelMean::kAllPixels) return sum / static_cast<double>(labels.numel());
  return sum / labels.ne(kNoClass).sum().clamp_min(1);
}

}  // namespace deepmad::train
