// Pictures of several sizes in memory of one.
#pragma once

#include "data/image/image.h"
#include "data/transforms/normalise.h"

namespace deepmad::data {

// The normalised values of `image` in the top left corner of room.height x room.width, in the layout of the whole; 0 elsewhere. The room is
// at least as large as the image; `out` has room for all its values.
void NormalisePadded(const Image& image, Size room, const Normaliser& normaliser, MemoryLayout layout, float* out);

}  // namespace deepmad::data
