// What the COCO box metric compares: boxes in original pixels, as the annotation and the results file have them.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace deepmad::train {

using CocoBox = std::array<double, 4>;  // x, y of the upper left corner, width, height; pixels

struct CocoTruth {
  int64_t image = 0;
  int64_t category = 0;
  CocoBox box{};
  double area = 0;     // of the object's mask, pixels: it decides between small, medium and large
  bool crowd = false;  // a region of many objects: detections in it are neither right nor wrong
};

struct CocoDetection {
  int64_t image = 0;
  int64_t category = 0;
  CocoBox box{};
  double score = 0;
};

// All images and categories that are scored, with or without objects.
struct CocoTruths {
  std::vector<int64_t> images;      // ids, any order
  std::vector<int64_t> categories;  // ids, any order
  std::vector<CocoTruth> boxes;     // the order decides between equal overlaps
};

}  // namespace deepmad::train
