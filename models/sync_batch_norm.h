// Batch normalisation in training whose statistics are those of the batches of all processes together.
#pragma once

#include "models/norm_act.h"
#include "models/process_group.h"

namespace deepmad::models {

// As NormAct with norm.training, but mean and variance are over the samples of every rank, and the gradient of x is that of the sum of all
// ranks' losses. The gradients of weight and bias are this rank's part of theirs. Each rank gives at least one sample; how many may differ.
// By tensor operations alone, so any device, type and layout; one exchange of 2 C + 1 numbers a pass forwards and of 2 C backwards. First
// derivatives only.
at::Tensor SyncNormAct(const at::Tensor& x, const NormArguments& norm, const NormTail& tail, const ProcessGroup& group);

}  // namespace deepmad::models
