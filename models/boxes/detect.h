// From the maps of a one-stage head to the detections of a picture: the same for FCOS and GFLv2, which differ in what their maps mean. Free
// of torch, so every device gives the same detections for the same maps.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace deepmad::models {

// One picture, one level of the pyramid: planes of rows x columns float32 values.
struct HeadLevel {
  int stride = 0;
  int rows = 0, columns = 0;
  const float* classes = nullptr;    // [K, rows, columns] logits
  const float* quality = nullptr;    // [rows, columns] logit of what a score is multiplied by: centreness, or the estimated overlap
  const float* distances = nullptr;  // [4, rows, columns] to the left, top, right and bottom, in pixels of the network's input, >= 0
};

struct DetectOptions {
  bool half_cell = true;  // cell (x, y) stands at (x * s + s / 2, y * s + s / 2), rounded down (FCOS); else at (x * s, y * s) (GFLv2)
  bool threshold_joint = false;  // `least_score` holds for class times quality (GFLv2); else for the class alone (FCOS)
  double least_score = 0.05;     // candidates are above it
  int64_t cells_a_level = 1000;  // those of the largest joint score
  double overlap = 0.6;          // of suppression
  int64_t most = 100;            // detections
};

struct PictureFrame {
  double height = 0, width = 0;     // of the picture in the network's input, without padding, pixels
  double scale_y = 1, scale_x = 1;  // of the input over the original, each axis its own
};

struct Detection {
  std::array<float, 4> box{};  // xyxy in pixels of the original
  float score = 0;             // class times quality
  int64_t label = 0;           // class index
};

// By falling score. Equal scores keep the order of levels, cells (row by row) and classes.
std::vector<Detection> Detect(const std::vector<HeadLevel>& levels, int64_t classes, const PictureFrame& frame,
                              const DetectOptions& options);

}  // namespace deepmad::models
