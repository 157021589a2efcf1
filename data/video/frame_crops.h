// Crops of video frames (docs/protocols/video.md, section 3). All frames of a video get the same crop.
#pragma once

#include <vector>

#include "base/random.h"
#include "data/image.h"

namespace deepmad::data {

// The size of a frame with its short side `side`: k = side / min(h, w), sides times k rounded half up.
Size WithShortSide(Size size, int side);

// A part of a frame, mirrored or not.
struct FrameView {
  Region region;
  bool mirrored = false;
};

// The four corners of the frame and its middle, at fourths of the slack: where that is no multiple of 4, "corners" stop up to 3 pixels
// before the edge. The crop lies inside the frame.
std::vector<Region> FiveCrops(Size frame, Size crop);

// A crop whose sides are the short side times 1, 0.875, 0.75 or 0.66, neighbours in this list at most (10 pairs), at one of the five
// positions; a side within 2 pixels of `side` becomes `side`.
struct MultiScaleCrop {
  int side = 224;  // to which the crop is resized afterwards

  Region Draw(Size frame, base::Random& random) const;
};

// side x side anywhere in the frame.
Region DrawSquare(Size frame, int side, base::Random& random);

// Views for tests; the frame's short side must be at least `side`.
FrameView CentreView(Size frame, int side);
std::vector<FrameView> TenViews(Size frame, int side);    // the five crops, then their mirror images
std::vector<FrameView> ThreeViews(Size frame, int side);  // at both ends and in the middle of the longer side

}  // namespace deepmad::data
