// A network's structure as an SVG drawing: one box a block, its height the width in channels, its length the depth.
#pragma once

#include <string>

#include "mad/network/network_spec.h"

namespace deepmad::mad {

std::string StructureSvg(const NetworkSpec& network);

}  // namespace deepmad::mad
