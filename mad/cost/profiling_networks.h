// Random networks whose layers a latency table is measured on: one block type at all map sizes, with many widths.
#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "mad/network/network_spec.h"

namespace deepmad::mad {

// Returns the block types that are measured: 2-D types with residual units.
std::vector<std::string> ProbeTypes();

// Returns a valid random network for `resolution` pixels a side, which its stages halve until 7 or fewer are left. Widths and bottlenecks
// are log-uniform among those that keep a unit below about 100 million multiply-accumulates at 224 pixels, or the narrowest if there are
// none.
NetworkSpec ProbeNetwork(const std::string& type, int resolution, base::Random random);

// Returns a network that takes a few milliseconds on one core. Timed next to other measurements, it shows the current speed of a shared
// machine.
NetworkSpec ReferenceNetwork();

}  // namespace deepmad::mad
