// Which images and boxes of an annotation file a detector is trained on and scored on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/coco_annotations.h"
#include "data/dataset.h"

namespace deepmad::data {

// Corners in pixels of the original picture, as the file has them: they may reach outside.
struct LabelledBox {
  float left = 0, top = 0, right = 0, bottom = 0;
  int64_t label = 0;  // class index
};

struct CocoPicture {
  int64_t image_id = 0;
  int width = 0, height = 0;
  std::string file_name;
  std::vector<LabelledBox> boxes;   // to be found; may be empty
  std::vector<LabelledBox> crowds;  // regions of many objects: never to be found, nor wrong
};

// What was left out, by the first reason that applies.
struct CocoDrops {
  int64_t thin_boxes = 0;         // narrower or lower than 1 pixel, or of negative size
  int64_t outside_boxes = 0;      // no part inside the picture
  int64_t empty_boxes = 0;        // the mask's area is 0 or less
  int64_t small_images = 0;       // shorter side below 32; training only
  int64_t objectless_images = 0;  // no annotation at all; training only
};

struct CocoSet {
  std::vector<CocoPicture> pictures;     // by ascending image id
  std::vector<int64_t> category_ids;     // by class index
  std::vector<std::string> class_names;  // by class index
  CocoDrops drops;
};

// Validation keeps every image. A training image whose boxes are all dropped stays, as background. `path` is for messages: FailedError for
// an image without size or file name, and for a set without images or categories.
CocoSet SelectCoco(const CocoAnnotations& file, Split split, const std::string& path);

}  // namespace deepmad::data
