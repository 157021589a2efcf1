// Selects the images and boxes of an annotation file for training or validation of a detector (docs/protocols/detection.md, section 1).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/annotations/coco_annotations.h"
#include "data/dataset/boxes.h"
#include "data/dataset/dataset.h"

namespace deepmad::data {

// One image. Boxes are in pixels of the original and may extend beyond the image, as in the file.
struct CocoPicture {
  int64_t image_id = 0;
  int width = 0, height = 0;
  std::string file_name;
  std::vector<LabelledBox> boxes;   // ground truth; may be empty
  std::vector<LabelledBox> crowds;  // regions of many objects (iscrowd), never positive
};

struct DroppedBox {
  int64_t annotation_id = 0;
  int64_t image_id = 0;
};

// Excluded boxes and images, each listed under the first reason that applies.
struct CocoDrops {
  std::vector<DroppedBox> thin_boxes;      // narrower or lower than 1 pixel, or of negative size
  std::vector<DroppedBox> outside_boxes;   // no part inside the picture
  std::vector<DroppedBox> empty_boxes;     // the mask's area is 0 or less
  std::vector<int64_t> small_images;       // ids; shorter side below 32; training only
  std::vector<int64_t> objectless_images;  // ids; no annotation at all; training only

  // Returns the reasons with at least one entry, in words.
  std::vector<LeftOut> Describe() const;
};

struct CocoSet {
  std::vector<CocoPicture> pictures;     // by ascending image id
  std::vector<int64_t> category_ids;     // by class index
  std::vector<std::string> class_names;  // by class index
  CocoDrops drops;
};

// Selects from `file`, whose `path` is for messages. Validation keeps every image; a training image whose boxes are all dropped stays as
// background. Throws FailedError for an image without size or file name, and if no image, no category or, for training,
// no box is left.
CocoSet SelectCoco(const CocoAnnotations& file, Split split, const std::string& path);

}  // namespace deepmad::data
