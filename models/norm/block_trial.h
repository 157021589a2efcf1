// Whether a device's blocks compute what the separate operations do: tried on small maps before they are used.
#pragma once

#include <c10/core/Device.h>

#include <string>

#include "models/norm/block_runner.h"

namespace deepmad::models {

// Runs every step on the device, forwards and backwards, for all types, layouts and tails, and compares with the separate operations in
// float64 on the CPU, so that a device on which no kernel works is found out too. Empty where they agree up to rounding; else the first
// difference, or what was thrown.
std::string FaultOf(const BlockRunner& runner, at::Device device);

}  // namespace deepmad::models
