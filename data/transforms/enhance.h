// Blends of an image with a degraded version of itself: factor 0 gives the degraded version, 1 the image, larger factors exaggerate.
// Computed in float32, clipped and truncated to 8 bits (docs/protocols/classification.md, section 3.9).
#pragma once

#include "data/image/image.h"

namespace deepmad::data {

void ScaleColour(Image& image, double factor);     // with its luma; grey images stay
void ScaleSharpness(Image& image, double factor);  // with (1 1 1; 1 5 1; 1 1 1) / 13 around each pixel, border pixels kept

}  // namespace deepmad::data
