// Ordered tensors by name: state dicts, optimizer state, what a checkpoint holds.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <utility>
#include <vector>

namespace deepmad::models {

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

// Copies into each tensor of `to` the tensor of the same name in `from`. Order, memory layout and device may differ, and extra tensors in
// `from` are ignored. Throws FailedError naming a tensor that is missing or has another shape or type.
void CopyNamedTensors(const NamedTensors& from, const NamedTensors& to);

// Returns the tensors whose name starts with `prefix`, with the prefix removed.
NamedTensors WithoutPrefix(const NamedTensors& tensors, const std::string& prefix);
NamedTensors WithPrefix(const NamedTensors& tensors, const std::string& prefix);

}  // namespace deepmad::models
