// Which code runs batch norms together with the shortcut and the ReLU behind them.
#pragma once

#include <c10/core/Device.h>

#include "models/layers/batch_norm.h"
#include "models/norm/block_runner.h"

namespace deepmad::models {

// One pass over the maps for all three. kAuto: where the device has code for it that agrees with the separate operations; kOff: never.
enum class FusedNorm { kAuto, kOn, kOff };

// Chooses for norms on a device. The first call for a GPU tries its kernels on small maps; where they fail or differ, kAuto leaves them out
// with one warning for this process, and kOn is a UsageError that names `where`.
void ChooseFusedNorm(FusedNorm wish, at::Device device, const char* where, BatchNormSettings& settings);

// Decides for one runner, null where the device has none, as above but each time anew.
void ChooseFusedNorm(FusedNorm wish, const BlockRunner* runner, at::Device device, const char* where, BatchNormSettings& settings);

}  // namespace deepmad::models
