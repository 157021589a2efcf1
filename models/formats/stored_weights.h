// Weights in a file of any form that is read here, told apart by its first bytes: safetensors, and what torch.save writes, the zip form and
// the one before PyTorch 1.6.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "models/formats/stored_tensor.h"

namespace deepmad::models {

// Checkpoints may hold the averaged weights beside the trained ones.
enum class WeightSet { kTrained, kAveraged };

// The views of the result point into `bytes`. FailedError with `where` for what cannot be read; UsageError where the averaged weights are
// asked for and there are none.
// `release` is called with each part of `bytes` that was read through and need not stay in memory.
StoredWeights ReadStoredWeights(std::string_view bytes, WeightSet set, const std::string& where,
                                const std::function<void(std::string_view)>& release);

}  // namespace deepmad::models
