// Ordered tensors by name: state dicts, optimizer state, what a checkpoint holds.
#pragma once

#include <string>

#include "models/named_tensors.h"

namespace deepmad::train {

using models::NamedTensors;

// Copies each tensor of `to` from the one of the same name in `from`, whatever the order, layout or device; further ones in `from` are
// ignored. FailedError naming a missing tensor, or one of another shape or type.
void CopyNamedTensors(const NamedTensors& from, const NamedTensors& to);

// Those whose name starts with `prefix`, without it.
NamedTensors WithoutPrefix(const NamedTensors& tensors, const std::string& prefix);
NamedTensors WithPrefix(const NamedTensors& tensors, const std::string& prefix);

}  // namespace deepmad::train
