// Losses of classification: targets are distributions over classes, so that smoothing and mixing need no cases of their own.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace deepmad::train {

// labels [N] int64 -> [N, classes] float32: 1 - s + s / classes at the label and s / classes elsewhere, s = smoothing.
at::Tensor SoftTargets(const at::Tensor& labels, int64_t classes, double smoothing);

// Mean over the batch of -sum_k t_k log softmax(z)_k. logits [N, K] of any float type, targets [N, K] float32; a float32 scalar
// (float64 of float64 logits).
at::Tensor SoftTargetCrossEntropy(const at::Tensor& logits, const at::Tensor& targets);

// Sigmoid cross entropy, mean over all N * K entries; arguments as above.
at::Tensor SoftTargetBinaryCrossEntropy(const at::Tensor& logits, const at::Tensor& targets);

// Cross entropy with the distribution that a teacher gives: softmax of its logits [N, K].
at::Tensor DistillationCrossEntropy(const at::Tensor& logits, const at::Tensor& teacher_logits);

}  // namespace deepmad::train
