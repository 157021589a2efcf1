// Targets of the FCOS head (Tian et al. 2019, section 3; centre sampling and normalised distances as in its later version).
#pragma once

#include <cstdint>
#include <vector>

#include "train/targets/grid.h"

namespace deepmad::train {

struct FcosRule {
  bool centre_sampling = true;  // only points within 1.5 strides of a box's centre, in x and in y, may be positive for it
  bool in_strides = true;       // unit of distances: true: strides of the level; false: pixels
};

struct FcosTargets {
  std::vector<int32_t> boxes;     // [cells] index of the box, or kBackground
  std::vector<float> distances;   // [cells, 4] from the point to the left, top, right and bottom of its box; 0 for background
  std::vector<float> centreness;  // [cells] in [0, 1]; 0 for background
};

// Assigns boxes to cells. The point of cell (x, y) is (x * s + s / 2, y * s + s / 2), with s / 2 rounded down. It is positive for a box if
// it lies strictly inside and the distance to the farthest side is in the range of its level: up to 64, 64 to 128, 128 to 256, 256 to 512,
// from 512 pixels, ends included; the last level of `levels` has no upper end. Of several boxes the point takes the smallest (ties: the
// first).
FcosTargets AssignFcos(const std::vector<GridLevel>& levels, const std::vector<TargetBox>& boxes, const FcosRule& rule);

}  // namespace deepmad::train
