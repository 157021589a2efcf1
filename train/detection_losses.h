// Losses of one-stage detectors. Sums over all entries or a value a positive: what they are divided by depends on all ranks, so the caller
// divides. Floating point of any precision; gradients flow into the predictions only.
#pragma once

#include <ATen/core/Tensor.h>

namespace deepmad::train {

// Focal loss on sigmoids (Lin et al. 2017, equation 5): sum of -alpha_t (1 - p_t)^gamma log p_t. `logits` [N, K]; `labels` [N] int64 in
// 0..K, K being background.
at::Tensor SigmoidFocalSum(const at::Tensor& logits, const at::Tensor& labels, double alpha = 0.25, double gamma = 2);

// `boxes` and `targets` [P, 4] xyxy -> [P]: intersection over union, and the generalised one (Rezatofighi et al. 2019), I / U - (C - U) /
// C, where C is the area of the smallest box around both; U and C count as at least 1e-7.
at::Tensor BoxIou(const at::Tensor& boxes, const at::Tensor& targets);
at::Tensor GeneralisedIou(const at::Tensor& boxes, const at::Tensor& targets);

// Quality focal loss (Li et al. 2020, equation 4; beta 2) on probabilities: sum of |y - p|^2 BCE(p, y), where y is `quality` [N] in the
// column of a positive's class and 0 elsewhere. `joint` [N, K] in [0, 1]; `labels` as above. Logarithms are at least -100.
at::Tensor QualityFocalSum(const at::Tensor& joint, const at::Tensor& labels, const at::Tensor& quality);

// Distribution focal loss (equation 6 there): `logits` [M, bins], `targets` [M] in bins, which count as 0 to bins - 1.1 -> [M]. The cross
// entropies of the two bins around the target, weighted by nearness.
at::Tensor DistributionFocal(const at::Tensor& logits, const at::Tensor& targets);

}  // namespace deepmad::train
