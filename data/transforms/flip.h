// Mirroring.
#pragma once

#include "data/image/image.h"

namespace deepmad::data {

// Left to right, in place.
void FlipHorizontally(Image& image);

}  // namespace deepmad::data
