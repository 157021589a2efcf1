// Channel dropout (Tompson et al., CVPR 2015): a map, or a vector of features, loses whole channels now and then; those that stay are
// scaled up, so that the mean is kept.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "data/loader/loader.h"
#include "train/task.h"

namespace deepmad::train {

// Factors for several maps of a batch, [N, channels, 1, 1] float32 each, on the device: 0, or 1 / (1 - rate). Those of a sample are a pure
// function of the seed, the epoch and its place in the epoch, so they are the same for any number of ranks. Undefined tensors for rate 0.
std::vector<at::Tensor> DrawChannelDropout(double rate, const std::vector<int64_t>& channels, const data::Batch& batch,
                                           const BatchPosition& position);

}  // namespace deepmad::train
