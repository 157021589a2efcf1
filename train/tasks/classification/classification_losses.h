// Classification losses. Targets are distributions over classes, so label smoothing and mixing need no special cases.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace deepmad::train {

// labels [N] int64 -> [N, classes] float32: 1 - s + s / classes at the label and s / classes elsewhere, s = smoothing.
at::Tensor SoftTargets(const at::Tensor& labels, int64_t classes, double smoothing);

// Mean over the batch of -sum_k t_k log softmax(z)_k. logits [N, K] of any float type, targets [N, K] float32; a float32 scalar
// (float64 of float64 logits).
at::Tensor SoftTargetCrossEntropy(const at::Tensor& logits, const at::Tensor& targets);

// Sigmoid cross entropy, mean over all N * K entries. logits [N, K] of any float type, targets [N, K] float32; returns a float32 scalar
// (float64 for float64 logits).
at::Tensor SoftTargetBinaryCrossEntropy(const at::Tensor& logits, const at::Tensor& targets);

// Cross entropy of logits [N, K] with the teacher's distribution, the softmax of `teacher_logits` [N, K].
at::Tensor DistillationCrossEntropy(const at::Tensor& logits, const at::Tensor& teacher_logits);

}  // namespace deepmad::train
