// The crop of ImageNet training: a random region of the image, resized to the input (docs/protocols/classification.md, section 3.1).
#pragma once

#include "base/random.h"
#include "data/image/image.h"
#include "data/transforms/interpolation.h"

namespace deepmad::data {

struct RandomResizedCrop {
  int side = 224;  // pixels of the result
  double min_scale = 0.08;
  double max_scale = 1;  // share of the picture's area
  double min_ratio = 3.0 / 4;
  double max_ratio = 4.0 / 3;  // width over height, drawn on a log scale
  Interpolation interpolation = Interpolation::kBicubic;

  // Up to ten draws of (area, ratio, offset); then the largest centred part whose ratio is within the bounds.
  Region Draw(Size size, base::Random& random) const;
};

}  // namespace deepmad::data
