// Inflation: gives the kernels of a 2-D network a time axis, to initialise the 3-D network with the same parameter names
// (docs/protocols/video.md, section 4).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "models/network.h"
#include "models/weights/weights_file.h"

namespace deepmad::models {

enum class Inflation {
  kCentre,  // the kernel in the middle of the axis, 0 elsewhere: on a video that stands still the same up to the borders, on others frame
            // by frame
  kRepeat,  // the kernel at each step, divided by their number: the same on a video that stands still
};

// [out, in, h, w] -> [out, in, frames, h, w], of the same type.
at::Tensor Inflate(const at::Tensor& kernel, int64_t frames, Inflation how);

// The file with each kernel of two dimensions inflated whose namesake in the network has three. What does not fit stays as it is, for
// LoadWeights to complain.
WeightsFile InflateFor(Network& network, WeightsFile weights, Inflation how);

}  // namespace deepmad::models
