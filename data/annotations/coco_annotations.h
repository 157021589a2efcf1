// Reads annotation files in COCO's format: {"images": [...], "annotations": [...], "categories": [...]}.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace deepmad::data {

struct CocoImage {
  int64_t id = 0;
  int width = 0, height = 0;  // pixels; 0 if not stated
  std::string file_name;      // empty if not stated
};

struct CocoAnnotation {
  int64_t id = 0;
  int64_t image_id = 0;
  int64_t category_id = 0;
  std::array<double, 4> box{};  // x, y of the upper left corner, width, height; pixels
  double area = 0;              // of the mask, pixels; of the box if not stated
  bool crowd = false;
};

struct CocoCategory {
  int64_t id = 0;
  std::string name;
};

struct CocoAnnotations {
  std::vector<CocoImage> images;            // by ascending id
  std::vector<CocoAnnotation> annotations;  // in the file's order
  std::vector<CocoCategory> categories;     // by ascending id; the position is the class index

  // Returns the position of an image or category, or -1 for an unknown id.
  int64_t ImageIndex(int64_t id) const;
  int64_t CategoryIndex(int64_t id) const;
};

// Reads a file of any size; memory use is little more than the result. Checks that ids are unique within their list, that annotations refer
// to images and categories of the file, and that all numbers are finite; boxes may be empty or outside their image. Unknown members are
// skipped. Numbers as text and the like are read as what they mean (data/annotations/json_forms.h) and counted in a line. Throws
// FailedError naming the file and the annotation with its image, the first few and how many there are, or, for malformed JSON, the byte.
CocoAnnotations ReadCocoAnnotations(const std::string& path);

}  // namespace deepmad::data
