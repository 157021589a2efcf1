#include "train/losses.h"

#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/full.h>
#include <ATen/ops/log_softmax.h>

namespace deepmad::train {

at::Tensor SoftTargets(const at::Tensor& labels, int64_t classes, double smoothing) {
  const double off = smoothing / static_cast<double>(classes);
  at::Tensor targets = at::full({labels.size(0), classes}, off, labels.options().dtype(at::kFloat));
  return targets.scatter_(1, labels.unsqueeze(1), 1 - smoothing + off);
}

at::Tensor SoftTargetCrossEntropy(const at::Tensor& logits, const at::Tensor& targets) {
  return at::log_softmax(logits, 1, at::kFloat).mul(targets).sum().div(-static_cast<double>(logits.size(0)));
}

at::Tensor SoftTargetBinaryCrossEntropy(const at::Tensor& logits, const at::Tensor& targets) {
  return at::binary_cross_entropy_with_logits(logits.to(at::kFloat), targets);
}

}  // namespace deepmad::train
