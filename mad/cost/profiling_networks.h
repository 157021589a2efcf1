// Random networks whose layers a latency table is measured on: one block type at all map sizes, with many widths.
#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "mad/network/network_spec.h"

namespace deepmad::mad {

// Those that a network of pictures can be made of: 2-D types of residual units.
std::vector<std::string> ProbeTypes();

// A valid network for `resolution` pixels a side, halved until 7 or less are left. Widths and bottlenecks are spread evenly in their
// logarithms, of those that keep a unit below about 100 million
// multiply-accumulates at 224 pixels, or the narrowest.
NetworkSpec ProbeNetwork(const std::string& type, int resolution, base::Random random);

// A network that takes a few milliseconds on one core: run beside others, it tells the speed of a machine that is not to itself.
NetworkSpec ReferenceNetwork();

}  // namespace deepmad::mad
