// Annotation files in COCO's format, anybody's: {"images": [...], "annotations": [...], "categories": [...]}.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace deepmad::data {

struct CocoImage {
  int64_t id = 0;
  int width = 0, height = 0;  // pixels; 0 where the file does not say
  std::string file_name;      // empty where the file does not say
};

struct CocoAnnotation {
  int64_t id = 0;
  int64_t image_id = 0;
  int64_t category_id = 0;
  std::array<double, 4> box{};  // x, y of the upper left corner, width, height; pixels
  double area = 0;              // of the mask, pixels; of the box where the file does not say
  bool crowd = false;
};

struct CocoCategory {
  int64_t id = 0;
  std::string name;
};

struct CocoAnnotations {
  std::vector<CocoImage> images;            // by ascending id
  std::vector<CocoAnnotation> annotations;  // in the file's order
  std::vector<CocoCategory> categories;     // by ascending id: the place is the class index

  // The place of an image or category; -1 for an unknown id.
  int64_t ImageIndex(int64_t id) const;
  int64_t CategoryIndex(int64_t id) const;
};

// Reads a file of any size in memory that is little more than the result. Each id is unique in its list, every annotation is of an image
// and a category of the file, and all numbers are finite; boxes may still be empty or outside. Other members and fields are passed over.
// FailedError names the file and the annotation with its image; for text that is no JSON, the byte.
CocoAnnotations ReadCocoAnnotations(const std::string& path);

}  // namespace deepmad::data
