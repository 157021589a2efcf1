// Targets of the FCOS head (Tian et al. 2019, section 3; centre sampling and normalised distances as in its later version).
#pragma once

#include <cstdint>
#include <vector>

#include "train/targets/grid.h"

namespace deepmad::train {

struct FcosRule {
  bool centre_sampling = true;  // only points within 1.5 strides of a box's centre, in x and in y, may be positive for it
  bool in_strides = true;       // distances are in strides of the level, else in pixels
};

struct FcosTargets {
  std::vector<int32_t> boxes;     // [cells] place of the box, or kBackground
  std::vector<float> distances;   // [cells, 4] from the point to the left, top, right and bottom of its box; 0 for background
  std::vector<float> centreness;  // [cells] in [0, 1]; 0 for background
};

// The point of cell (x, y) is (x * s + s / 2, y * s + s / 2), s / 2 rounded down. It is positive for a box that it lies strictly inside of
// and whose farthest side is within the range of the point's level (up to 64, 64 to 128, 128 to 256, 256 to 512, from 512, ends included;
// the last level of `levels` has no upper end). Of several boxes it takes the smallest, of equal ones the first.
FcosTargets AssignFcos(const std::vector<GridLevel>& levels, const std::vector<TargetBox>& boxes, const FcosRule& rule);

}  // namespace deepmad::train
