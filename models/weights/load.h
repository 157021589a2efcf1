// Loads a state dict into a network.
#pragma once

#include <string>
#include <vector>

#include "models/layers/named_tensors.h"
#include "models/network/network.h"
#include "models/weights/weights_file.h"

namespace deepmad::models {

enum class HeadPolicy {
  kStrict,  // the file must have exactly the network's tensors
  // The head keeps its weights and those in the file are ignored, for fine-tuning on other classes. A dense head may replace a classifier
  // (fc_linear, fc, classifier).
  kDrop,
};

// Copies the weights into the network, converting floating-point types and devices. Before anything is copied, missing, unexpected and
// wrongly shaped entries are listed in one UsageError with `where`, usually the name of the file; a tensor with a number that is not finite
// is a FailedError. As in Python, checkpoints from before PyTorch 0.4.1, which have no num_batches_tracked at all, fit too; so do counters
// that became fractions when checkpoints were averaged by hand. A prefix before all names is taken off where the network's own names then
// appear (models/weights/common_prefix.h).
void LoadWeights(Network& network, const WeightsFile& weights, HeadPolicy policy, const std::string& where);
void LoadStateDict(Network& network, const NamedTensors& tensors, HeadPolicy policy, const std::string& where);

// Loads the weights from a file (OpenWeights). Needs only a few megabytes in addition to the network's memory.
void LoadWeights(Network& network, const WeightsPlace& place, HeadPolicy policy);

}  // namespace deepmad::models
