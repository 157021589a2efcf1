// Boxes around the objects of a picture.
#pragma once

#include <cstdint>
#include <vector>

#include "data/image.h"

namespace deepmad::data {

// Corners in pixels.
struct LabelledBox {
  float left = 0, top = 0, right = 0, bottom = 0;
  int64_t label = 0;  // class index
};

// The objects of one picture, in its own pixels; boxes may reach outside.
struct PictureBoxes {
  int64_t image_id = 0;
  Size size;
  std::vector<LabelledBox> boxes;
};

// One picture of a detector's batch, and its objects in pixels of the network's input.
struct InputBoxes {
  int64_t image_id = 0;             // 0 where nobody knows it
  int height = 0, width = 0;        // of the picture in the input, without padding, pixels
  double scale_y = 1, scale_x = 1;  // of the input over the original, each axis its own
  std::vector<LabelledBox> boxes;   // to be found; inside the picture, with an area
};

}  // namespace deepmad::data
