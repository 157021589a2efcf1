// Whether the units of a block type are depthwise ones.
#pragma once

#include "mad/recipe/block_type.h"

namespace deepmad::mad {

// Whether every unit, not only a block's first, has a depthwise convolution in its main path.
bool IsDepthwise(const BlockType& type);

}  // namespace deepmad::mad
