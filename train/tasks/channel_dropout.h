// Channel dropout (Tompson et al., CVPR 2015): zeroes whole channels of a feature map or vector at random and scales the remaining ones up,
// so that the expected value is unchanged.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "data/loader/loader.h"
#include "train/tasks/task.h"

namespace deepmad::train {

// Draws the factors 0 or 1 / (1 - rate) for several maps of a batch: per entry of `channels` a tensor [N, channels, 1, 1], float32, on the
// device of the batch; undefined tensors if `rate` is 0. The factors of a sample depend only on the seed, the epoch and its position in the
// epoch, so they are the same for any number of ranks.
std::vector<at::Tensor> DrawChannelDropout(double rate, const std::vector<int64_t>& channels, const data::Batch& batch,
                                           const BatchPosition& position);

}  // namespace deepmad::train
