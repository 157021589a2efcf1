// Antialiased resize, bit-equal to the published ImageNet pipelines (docs/protocols/classification.md, sections 2.1 to 2.3).
#pragma once

#include "data/image/image.h"
#include "data/transforms/interpolation.h"

namespace deepmad::data {

// The whole picture.
Image Resize(const ImageView& image, Size size, Interpolation interpolation);

// Takes the pixels of `source` as if they were the whole picture, resizes them to `size`, and returns only `window` of the result: a crop
// before and a crop after the resize without computing or copying the rest. Both regions must lie inside.
Image ResizeRegion(const ImageView& image, const Region& source, Size size, const Region& window, Interpolation interpolation);

// The size at which the shorter side is `shorter` with the aspect kept and the other side truncated.
Size SizeForShorterSide(Size size, int shorter);

// The validation transform: shorter side to floor(crop / crop_pct), centre crop of crop x crop, zeros where a side is short.
struct ValidationResize {
  int crop = 224;  // pixels
  double crop_pct = 0.875;
  Interpolation interpolation = Interpolation::kBicubic;

  int resized_side() const;  // floor(crop / crop_pct)
  Image operator()(const ImageView& image) const;
};

}  // namespace deepmad::data
