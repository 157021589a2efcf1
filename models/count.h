// What a network really costs: parameters of the live module, and multiply-accumulates of the operations that a forward pass executes.
// Nothing here knows the recipe, so it checks the closed form (mad/cost.h).
#pragma once

#include <c10/util/ArrayRef.h>

#include <cstdint>
#include <functional>

#include "models/network.h"

namespace deepmad::models {

// Multiply-accumulates of every convolution and linear that `work` runs on this thread, output elements times weights per output channel,
// and of the two products of every attention. Not to be nested.
int64_t CountMacs(const std::function<void()>& work);

struct LiveCount {
  int64_t macs = 0;        // of one sample
  int64_t parameters = 0;  // all, with the head
};

// Runs one forward pass on zeros of `sample_shape` ([C, H, W] or [C, T, H, W]) in evaluation mode; the network is left as it was.
LiveCount CountNetwork(Network& network, at::IntArrayRef sample_shape);

}  // namespace deepmad::models
