#include "train/tasks/classification/classification_losses.h"

#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/full.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/softmax.h>

namespace deepmad::train {
namespace {

at::ScalarType LossType(const at::Tensor& logits) { return logits.scalar_type() == at::kDouble ? at::kDouble : at::kFloat; }

}  // namespace

at::Tensor SoftTargets(const at::Tensor& labels, int64_t classes, double smoothing) {
  const double off = smoothing / static_cast<double>(classes);
  at::Tensor targets = at::full({labels.size(0), classes}, off, labels.options().dtype(at::kFloat));
  return targets.scatter_(1, labels.unsqueeze(1), 1 - smoothing + off);
}

at::Tensor SoftTargetCrossEntropy(const at::Tensor& logits, const at::Tensor& targets) {
  return at::log_softmax(logits, 1, LossType(logits)).mul(targets).sum().div(-static_cast<double>(logits.size(0)));
}

at::Tensor SoftTargetBinaryCrossEntropy(const at::Tensor& logits, const at::Tensor& targets) {
  return at::binary_cross_entropy_with_logits(logits.to(LossType(logits)), targets.to(LossType(logits)));
}

at::Tensor DistillationCrossEntropy(const at::Tensor& logits, const at::Tensor& teacher_logits) {
  return SoftTargetCrossEntropy(logits, at::softmax(teacher_logits, 1, LossType(teacher_logits)));
}

}  // namespace deepmad::train
