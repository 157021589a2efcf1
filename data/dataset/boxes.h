// Bounding boxes of the objects in an image.
#pragma once

#include <cstdint>
#include <vector>

#include "data/image/image.h"

namespace deepmad::data {

// A box by its corners, in pixels.
struct LabelledBox {
  float left = 0, top = 0, right = 0, bottom = 0;
  int64_t label = 0;  // class index
};

// The objects of one image, in pixels of the original. Boxes may extend beyond the image.
struct PictureBoxes {
  int64_t image_id = 0;
  Size size;
  std::vector<LabelledBox> boxes;
};

// One image of a detector's batch, with its objects in pixels of the network's input.
struct InputBoxes {
  int64_t image_id = 0;             // 0 if unknown
  int height = 0, width = 0;        // size of the image in the input, without padding, pixels
  double scale_y = 1, scale_x = 1;  // size in the input over original size, per axis
  std::vector<LabelledBox> boxes;   // ground truth; inside the image, with positive area
};

}  // namespace deepmad::data
