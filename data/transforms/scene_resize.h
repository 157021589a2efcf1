// Resizing for segmentation and detection, without antialiasing as in the published baselines
// (docs/protocols/segmentation.md, section 2.1).
#pragma once

#include "data/image/image.h"

namespace deepmad::data {

// Upper limits of the longer and the shorter side.
struct SceneScale {
  int long_edge = 2048;  // pixels
  int short_edge = 512;

  // Returns the size of a resized image, aspect kept. Both limits are first multiplied by `ratio` and truncated; then, with
  // k = min(long / max(h, w), short / min(h, w)), each side is multiplied by k and rounded half up, to at least 1.
  Size SizeOf(Size picture, double ratio = 1) const;
};

// OpenCV's INTER_LINEAR: half-pixel centres, two taps a direction whatever the scale.
Image ResizeBilinear(const ImageView& image, Size size);
// OpenCV's INTER_NEAREST: output i is source row floor(i * in / out), no half-pixel shift. Use this one for labels.
Image ResizeNearest(const ImageView& image, Size size);

}  // namespace deepmad::data
