// A state dict into a network.
#pragma once

#include <string>
#include <vector>

#include "models/named_tensors.h"
#include "models/network.h"

namespace deepmad::models {

enum class HeadPolicy {
  kStrict,  // every tensor must be there, and no other
  kDrop,    // the classifier keeps its own weights, whatever the file has for it: to fine-tune on other classes
};

// Copies `tensors` into the network, converting floating-point types and devices. Before anything is copied, missing, unexpected and
// wrongly shaped entries are listed in one UsageError with `where`, usually the name of the file; a tensor with a number that is not finite
// is a FailedError.
void LoadStateDict(Network& network, const NamedTensors& tensors, HeadPolicy policy, const std::string& where);

// The same from a safetensors file; FailedError for one that cannot be read.
void LoadWeights(Network& network, const std::string& path, HeadPolicy policy);

}  // namespace deepmad::models
