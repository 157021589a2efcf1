// From a picture of any size to the input's size and channels: the first step of a pipeline, which decides how much is decoded.
#pragma once

#include <functional>

#include "base/random.h"
#include "data/image/lazy_image.h"
#include "data/transforms/crop.h"
#include "data/transforms/random_resized_crop.h"
#include "data/transforms/resize.h"

namespace deepmad::data {

// Draws only from the sample's own stream. FailedError of the picture's decoder.
using Framing = std::function<Image(const Picture& picture, base::Random& random)>;

struct DecodeChoice {
  bool fast_dct = false;
  bool reduced = false;  // decode at a half, a quarter or an eighth where the crop stays at least as large as the result
};

// The pictures get `channels` (1 or 3) channels. Training decodes no more of a JPEG than the crop needs, so damage outside of it may go
// unnoticed; validation decodes all.
Framing FrameRandomResized(const RandomResizedCrop& crop, int channels, const DecodeChoice& decode);
// `fit` brings pictures of another size to that of the input before.
Framing FramePadded(const ValidationResize& fit, const PaddedRandomCrop& crop, int channels);
Framing FrameCentred(const ValidationResize& resize, int channels);

}  // namespace deepmad::data
