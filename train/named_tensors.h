// Ordered lists of named tensors: state dicts, optimizer state, the content of a checkpoint.
#pragma once

#include <string>

#include "models/named_tensors.h"

namespace deepmad::train {

using models::NamedTensors;

// Copies into each tensor of `to` the tensor of the same name in `from`. Order, memory layout and device may differ, and extra tensors in
// `from` are ignored. Throws FailedError naming a tensor that is missing or has another shape or type.
void CopyNamedTensors(const NamedTensors& from, const NamedTensors& to);

// Returns the tensors whose name starts with `prefix`, with the prefix removed.
NamedTensors WithoutPrefix(const NamedTensors& tensors, const std::string& prefix);
NamedTensors WithPrefix(const NamedTensors& tensors, const std::string& prefix);

}  // namespace deepmad::train
