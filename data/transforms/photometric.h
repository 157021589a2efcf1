// Photometric distortion of 8-bit RGB images: brightness, contrast, saturation and hue, each with its own probability
// (docs/protocols/segmentation.md, section 2.4).
#pragma once

#include <optional>

#include "base/random.h"
#include "data/image/image.h"

namespace deepmad::data {

// What one picture gets.
struct PhotometricDraw {
  std::optional<double> brightness = std::nullopt;  // added, on 0..255
  std::optional<double> contrast = std::nullopt;    // factor
  bool contrast_last = false;                       // behind hue in place of behind brightness
  std::optional<double> saturation = std::nullopt;  // factor of S
  std::optional<int> hue = std::nullopt;            // added to H, in units of two degrees, modulo 180
};

struct PhotometricDistortion {
  double probability = 0.5;  // of each of the four
  double brightness = 32;    // largest change
  double min_contrast = 0.5, max_contrast = 1.5;
  double min_saturation = 0.5, max_saturation = 1.5;
  int hue = 18;  // drawn from the integers -hue..hue-1

  PhotometricDraw Draw(base::Random& random) const;
};

// In the order brightness, [contrast], saturation, hue, [contrast]. After each step values are clipped to 0..255 and truncated; saturation
// and hue each go to OpenCV's 8-bit HSV and back.
void ApplyPhotometric(const PhotometricDraw& draw, Image& image);

}  // namespace deepmad::data
