// The grid of cells of a one-stage detector, and ground-truth boxes. All lengths are in pixels of the network's input.
#pragma once

#include <cstdint>
#include <vector>

namespace deepmad::train {

// One level of a feature pyramid. Levels are given finest first; cells are counted through all levels, each row by row.
struct GridLevel {
  int stride = 0;
  int rows = 0, columns = 0;

  int64_t cells() const { return static_cast<int64_t>(rows) * columns; }
};

// Returns the levels for an input of height x width, one per stride, with sides rounded up.
std::vector<GridLevel> PyramidGrid(int height, int width, const std::vector<int>& strides);
int64_t CellCount(const std::vector<GridLevel>& levels);

struct TargetBox {
  float left = 0, top = 0, right = 0, bottom = 0;
  int64_t label = 0;

  double area() const { return (static_cast<double>(right) - left) * (static_cast<double>(bottom) - top); }
};

// The target of a cell is the index of a box, or one of these.
inline constexpr int32_t kBackground = -1;
inline constexpr int32_t kNoLoss = -2;  // outside the picture: neither positive nor background

}  // namespace deepmad::train
