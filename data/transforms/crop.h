// Crops that copy pixels.
#pragma once

#include "base/random.h"
#include "data/image/image.h"

namespace deepmad::data {

// Copies the pixels of `region`. Pixels outside the image are 0.
Image Crop(const ImageView& image, const Region& region);

// The centred region of size `crop` in an image of `size`. Its corner is (size - crop) / 2, rounded half to even; along a side that is too
// short it lies floor(missing / 2) pixels before the image (docs/protocols/classification.md, section 2.4).
Region CentreRegion(Size size, Size crop);

// Zero padding on all sides, then a side x side crop at a uniform offset: the augmentation of small images. REQUIRES: the padded image is
// at least as large as the crop.
struct PaddedRandomCrop {
  int side = 32;    // pixels
  int padding = 4;  // pixels on each side

  Region Draw(Size size, base::Random& random) const;  // may reach into the padding
};

}  // namespace deepmad::data
