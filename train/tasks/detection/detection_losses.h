// Losses of one-stage detectors, for tensors of any floating-point type. They return sums, or one value per positive: the divisor depends
// on all ranks, so the caller divides. Gradients flow into the predictions only, not into the targets.
#pragma once

#include <ATen/core/Tensor.h>

namespace deepmad::train {

// Focal loss on sigmoids (Lin et al. 2017, equation 5): sum of -alpha_t (1 - p_t)^gamma log p_t. `logits` [N, K]; `labels` [N] int64 in
// 0..K, K being background.
at::Tensor SigmoidFocalSum(const at::Tensor& logits, const at::Tensor& labels, double alpha = 0.25, double gamma = 2);

// Intersection over union I / U of pairs of boxes: `boxes` and `targets` [P, 4] xyxy -> [P]. U is clamped to at least 1e-7.
at::Tensor BoxIou(const at::Tensor& boxes, const at::Tensor& targets);
// Generalised IoU (Rezatofighi et al. 2019) of pairs of boxes [P, 4] xyxy -> [P]: I / U - (C - U) / C, with C the area of the smallest box
// around both. U and C are clamped to at least 1e-7.
at::Tensor GeneralisedIou(const at::Tensor& boxes, const at::Tensor& targets);

// Quality focal loss (Li et al. 2020, equation 4; beta 2) on probabilities p = `joint` [N, K] in [0, 1]: sum of |y - p|^2 BCE(p, y), where
// y is `quality` [N] in the column of the label and 0 elsewhere. `labels` [N] int64 in 0..K, K being background. Logarithms are clamped at
// -100.
at::Tensor QualityFocalSum(const at::Tensor& joint, const at::Tensor& labels, const at::Tensor& quality);

// Distribution focal loss (Li et al. 2020, equation 6): `logits` [M, bins], `targets` [M] in bins, clamped to [0, bins - 1.1] -> [M]. The
// cross entropies of the two bins around the target, weighted by how near each is.
at::Tensor DistributionFocal(const at::Tensor& logits, const at::Tensor& targets);

}  // namespace deepmad::train
