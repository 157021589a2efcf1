// Inflation: gives the kernels of a 2-D network a time axis, to initialise the 3-D network with the same parameter names
// (docs/protocols/video.md, section 4).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "models/network/network.h"
#include "models/weights/weights_file.h"

namespace deepmad::models {

enum class Inflation {
  kCentre,  // the kernel in the middle of the time axis, 0 elsewhere: the 3-D network sees each frame by itself
  kRepeat,  // the kernel at each time step, divided by the number of steps: equal to the 2-D network on a static video
};

// Inflates a kernel: [out, in, h, w] -> [out, in, frames, h, w], of the same type.
at::Tensor Inflate(const at::Tensor& kernel, int64_t frames, Inflation how);

// Inflates every 2-D kernel of the file whose namesake in the network is 3-D, after a common prefix was taken off as LoadWeights() does.
// Other entries stay unchanged; LoadWeights() reports those that do not fit. `where` is the name of the file, for messages.
WeightsFile InflateFor(Network& network, WeightsFile weights, Inflation how, const std::string& where);

}  // namespace deepmad::models
