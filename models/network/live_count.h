// Measures the cost of a live network: parameters of the module and multiply-accumulates (MACs) of the operations that a forward pass
// executes. Independent of the recipe, so it verifies the closed form (mad/cost/network_cost.h).
#pragma once

#include <c10/util/ArrayRef.h>

#include <cstdint>
#include <functional>

#include "models/network/network.h"

namespace deepmad::models {

// Counts the MACs of `work` on this thread: for every convolution and linear layer output elements times weights per output channel, and
// the two matrix products of every attention. Must not be nested.
int64_t CountMacs(const std::function<void()>& work);

struct LiveCount {
  int64_t macs = 0;        // of one sample
  int64_t parameters = 0;  // all, with the head
};

// Counts one forward pass in evaluation mode on zeros of `sample_shape` ([C, H, W] or [C, T, H, W]). Restores the network's mode.
LiveCount CountNetwork(Network& network, at::IntArrayRef sample_shape);

}  // namespace deepmad::models
