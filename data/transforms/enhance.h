// Blends of an image with a degraded form of itself (specification classification 3): factor 0 is the degraded form, 1 the image, more goes
// beyond it. Computed in float32, clipped and truncated to 8 bits.
#pragma once

#include "data/image.h"

namespace deepmad::data {

void ScaleColour(Image& image, double factor);     // with its luma; grey images stay
void ScaleSharpness(Image& image, double factor);  // with (1 1 1; 1 5 1; 1 1 1) / 13 around each pixel, border pixels kept

}  // namespace deepmad::data
