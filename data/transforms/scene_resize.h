// Resizing for segmentation and detection, without antialiasing as in the published baselines
// (docs/protocols/segmentation.md, section 2.1).
#pragma once

#include "data/image.h"

namespace deepmad::data {

// The most that a picture may measure.
struct SceneScale {
  int long_edge = 2048;  // pixels
  int short_edge = 512;

  // The size of a picture after it, aspect kept, with both edges times `ratio` and truncated: k = min(long / max(h, w), short / min(h, w)),
  // sides times k rounded half up, at least 1.
  Size SizeOf(Size picture, double ratio = 1) const;
};

// OpenCV's INTER_LINEAR: half-pixel centres, two taps a direction whatever the scale.
Image ResizeBilinear(const ImageView& image, Size size);
// OpenCV's INTER_NEAREST: output i is source row floor(i * in / out), no half-pixel shift. The only resize that labels stand.
Image ResizeNearest(const ImageView& image, Size size);

}  // namespace deepmad::data
