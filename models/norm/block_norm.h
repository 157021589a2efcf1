// NormAct (models/norm/norm_act.h) by blocks of threads: on a GPU two passes over memory forwards, statistics and then everything else, and
// two backwards, sums and then the gradient of x.
#pragma once

#include "models/norm/block_runner.h"
#include "models/norm/norm_act.h"

namespace deepmad::models {

// As NormAct. What the blocks do not take goes by the separate operations: maps without elements or with 2^31 and more, maps that lie
// neither in channels_last nor in planes, a residual of another type or layout, other types of weights. The same bits each time on the same
// map. First derivatives only.
at::Tensor BlockNormAct(const BlockRunner& runner, const at::Tensor& x, const NormArguments& norm, const NormTail& tail);

}  // namespace deepmad::models
