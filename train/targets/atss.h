// Adaptive training sample selection (Zhang et al. 2020, algorithm 1) with one square anchor a cell.
#pragma once

#include <cstdint>
#include <vector>

#include "train/targets/grid.h"

namespace deepmad::train {

// Returns for each cell the index of the box that its anchor is positive for, kBackground or kNoLoss. The anchor of cell (x, y) has a side
// of 8 strides and is centred on (x * s, y * s). The candidates for a box are the 9 anchors of each level with the nearest centres (all if
// there are fewer; ties go to the first one row by row). A candidate is positive if its IoU reaches the mean plus the standard deviation (n
// - 1) of the candidates' IoU and its centre is more than 0.01 pixels inside the box. An anchor that is positive for several boxes takes
// the one of largest IoU (ties: the first). `height` and `width` are the sides of the image padded to a multiple of 32, before it is padded
// to its batch; cells beyond ceil(width / s) or ceil(height / s) get kNoLoss (docs/protocols/detection.md, section 5).
std::vector<int32_t> AssignAtss(const std::vector<GridLevel>& levels, const std::vector<TargetBox>& boxes, int height, int width);

}  // namespace deepmad::train
