#include "train/tasks/detection/detection_losses.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/Reduction.h>
#include <ATen/ops/binary_cross_entropy.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

namespace deepmad::train {
namespace {

// [N, K]: `values` [N] in the column of each row's label; 0 elsewhere, and in rows of background.
at::Tensor InLabelColumn(const at::Tensor& labels, const at::Tensor& values, int64_t classes) {
  const at::Tensor wide = at::zeros({labels.size(0), classes + 1}, values.options());
  return wide.scatter(1, labels.unsqueeze(1), values.unsqueeze(1)).slice(1, 0, classes);
}

at::Tensor Areas(const at::Tensor& boxes) { return (boxes.select(1, 2) - boxes.select(1, 0)) * (boxes.select(1, 3) - boxes.select(1, 1)); }

struct Overlap {
  at::Tensor intersection, united;  // [P]
};

Overlap OverlapOf(const at::Tensor& boxes, const at::Tensor& targets) {
  const at::Tensor low = at::maximum(boxes.slice(1, 0, 2), targets.slice(1, 0, 2));
  const at::Tensor high = at::minimum(boxes.slice(1, 2, 4), targets.slice(1, 2, 4));
  const at::Tensor sides = (high - low).clamp_min(0);
  const at::Tensor intersection = sides.select(1, 0) * sides.select(1, 1);
  return {intersection, (Areas(boxes) + Areas(targets) - intersection).clamp_min(1e-7)};
}

}  // namespace

at::Tensor SigmoidFocalSum(const at::Tensor& logits, const at::Tensor& labels, double alpha, double gamma) {
  const at::Tensor target = InLabelColumn(labels, at::zeros(labels.sizes(), logits.options()) + 1, logits.size(1));
  const at::Tensor p = logits.sigmoid();
  const at::Tensor wrong = p * (1 - target) + (1 - p) * target;  // 1 - p_t
  const at::Tensor weight = (alpha * target + (1 - alpha) * (1 - target)) * wrong.pow(gamma);
  return (weight * at::binary_cross_entropy_with_logits(logits, target, {}, {}, at::Reduction::None)).sum();
}

at::Tensor BoxIou(const at::Tensor& boxes, const at::Tensor& targets) {
  const Overlap overlap = OverlapOf(boxes, targets);
  return overlap.intersection / overlap.united;
}

at::Tensor GeneralisedIou(const at::Tensor& boxes, const at::Tensor& targets) {
  const Overlap overlap = OverlapOf(boxes, targets);
  const at::Tensor low = at::minimum(boxes.slice(1, 0, 2), targets.slice(1, 0, 2));
  const at::Tensor high = at::maximum(boxes.slice(1, 2, 4), targets.slice(1, 2, 4));
  const at::Tensor sides = (high - low).clamp_min(0);
  const at::Tensor around = (sides.select(1, 0) * sides.select(1, 1)).clamp_min(1e-7);
  return overlap.intersection / overlap.united - (around - overlap.united) / around;
}

at::Tensor QualityFocalSum(const at::Tensor& joint, const at::Tensor& labels, const at::Tensor& quality) {
  const at::Tensor target = InLabelColumn(labels, quality, joint.size(1));
  return ((target - joint).square() * at::binary_cross_entropy(joint, target, {}, at::Reduction::None)).sum();
}

at::Tensor DistributionFocal(const at::Tensor& logits, const at::Tensor& targets) {
  const at::Tensor y = targets.clamp(0, static_cast<double>(logits.size(1)) - 1.1);
  const at::Tensor below = y.floor().to(at::kLong);
  const at::Tensor above_weight = y - below;
  const at::Tensor log_p = at::log_softmax(logits, 1);
  const auto entropy = [&](const at::Tensor& bin) { return -log_p.gather(1, bin.unsqueeze(1)).squeeze(1); };
  return entropy(below) * (1 - above_weight) + entropy(below + 1) * above_weight;
}

}  // namespace deepmad::train
