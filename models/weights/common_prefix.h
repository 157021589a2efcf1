// Weights of a network that was a part of another: under "model." of a Lightning module, "backbone." of a detector.
#pragma once

#include <string>

#include "models/network/network.h"
#include "models/weights/weights_file.h"

namespace deepmad::models {

// The weights without what stands before all their names up to a dot, where only that lets each of the network's own tensors, but for those
// of its head, find its namesake. A line then says what was taken off. Else the weights as they are.
WeightsFile WithoutCommonPrefix(const Network& network, WeightsFile weights, const std::string& where);

}  // namespace deepmad::models
