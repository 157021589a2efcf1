// Copies. A copy between a device and pinned memory goes on while the host does: it is in flight until the host has waited for it, by an
// event, a stream or the device. Until then memory of the host that it writes holds nothing sensible, and what it reads must stay as it is.
#pragma once

#include "tests/fakecuda/runtime/streams.h"

namespace fakecuda {

// The host has waited until there.
void Land(const Reached& reached);
void LandAll();

}  // namespace fakecuda
