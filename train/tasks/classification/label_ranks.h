// How many classes a classifier puts before the right one, computed on the device of its logits.
#pragma once

#include <ATen/core/Tensor.h>

namespace deepmad::train {

// logits [N, K] float, labels [N] int64 in 0..K-1 -> [N] int64: the classes that come before the label, as TopKCounts
// (train/metrics/top_k.h) counts them: those with a larger logit, those with an equal one and a smaller number, and every NaN. The largest
// int64 where the label's own logit is NaN. A label is right in the top k where fewer than k classes come before it.
at::Tensor LabelRanks(const at::Tensor& logits, const at::Tensor& labels);

}  // namespace deepmad::train
