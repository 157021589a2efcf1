// Crops of video frames (docs/protocols/video.md, section 3). All frames of a video get the same crop.
#pragma once

#include <vector>

#include "base/random.h"
#include "data/image/image.h"

namespace deepmad::data {

// The size of a frame with its short side `side`: k = side / min(h, w), sides times k rounded half up.
Size WithShortSide(Size size, int side);

// A part of a frame, mirrored or not.
struct FrameView {
  Region region;
  bool mirrored = false;
};

// Returns the four corner crops and the centre crop. Positions are multiples of a quarter of the margin in integers, so if the margin is no
// multiple of 4 the corner crops stop up to 3 pixels short of the border. REQUIRES: the crop fits into the frame.
std::vector<Region> FiveCrops(Size frame, Size crop);

// A crop at one of the five positions whose sides are the short side times 1, 0.875, 0.75 or 0.66, with factors at most one step apart in
// this list (10 pairs). A side within 2 pixels of `side` becomes `side`.
struct MultiScaleCrop {
  int side = 224;  // to which the crop is resized afterwards

  Region Draw(Size frame, base::Random& random) const;
};

// Draws a side x side crop at a uniform position. REQUIRES: it fits into the frame.
Region DrawSquare(Size frame, int side, base::Random& random);

// The views of test protocols. REQUIRES: the frame's short side is at least `side`.
FrameView CentreView(Size frame, int side);
std::vector<FrameView> TenViews(Size frame, int side);    // the five crops, then their mirror images
std::vector<FrameView> ThreeViews(Size frame, int side);  // at both ends and in the middle of the longer side

}  // namespace deepmad::data
