// Adaptive training sample selection (Zhang et al. 2020, algorithm 1) with one square anchor a cell.
#pragma once

#include <cstdint>
#include <vector>

#include "train/targets/grid.h"

namespace deepmad::train {

// [cells]: the place of the box that a cell's anchor is positive for, kBackground or kNoLoss. The anchor of cell (x, y) has sides of 8
// strides and its centre at (x * s, y * s). For each box the candidates are the 9 anchors of each level with the nearest centres (all where
// there are fewer; of equally near ones the first row by row); those are positive whose overlap is at least mean + standard deviation (n -
// 1) of the candidates' and whose centre is more than 0.01 pixels inside. An anchor positive for several takes the box of largest overlap,
// of equal ones the first. Only cells with x < ceil(width / s) and y < ceil(height / s) take part, where `height` and `width` are those of
// the picture padded to a multiple of 32 but not yet to its batch; the others have no loss.
std::vector<int32_t> AssignAtss(const std::vector<GridLevel>& levels, const std::vector<TargetBox>& boxes, int height, int width);

}  // namespace deepmad::train
