// Shear, translation and rotation of 8-bit images (docs/protocols/classification.md, section 3.10).
#pragma once

#include <array>

#include "data/image/image.h"

namespace deepmad::data {

// Which point of the input an output point shows: X = a x + b y + c, Y = d x + e y + f. Coordinates count in pixels from the image's
// corner, so that pixel j has its centre at j + 0.5.
struct AffineMap {
  double a = 1, b = 0, c = 0;
  double d = 0, e = 1, f = 0;
};

AffineMap ShearXMap(double factor);
AffineMap ShearYMap(double factor);
AffineMap TranslateMap(double x, double y);  // pixels; positive shows what lies further right and down
// Counter-clockwise as seen on a screen, about the middle of an image of `size`.
AffineMap RotateMap(double degrees, Size size);

// Bicubic has a = -1 here. Bilinear and bicubic results are clipped and truncated; taps beyond the edge repeat the edge.
enum class Sampling { kNearest, kBilinear, kBicubic };

using FillColour = std::array<uint8_t, 3>;  // grey images take the first

// Points outside the image get `fill`.
Image Warp(const Image& image, const AffineMap& map, Sampling sampling, const FillColour& fill);

}  // namespace deepmad::data
