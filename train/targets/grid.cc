#include "train/targets/grid.h"

namespace deepmad::train {

std::vector<GridLevel> PyramidGrid(int height, int width, const std::vector<int>& strides) {
  std::vector<GridLevel> levels;
  for (const int stride : strides) levels.push_back({stride, (height + stride - 1) / stride, (width + stride - 1) / stride});
  return levels;
}

int64_t CellCount(const std::vector<GridLevel>& levels) {
  int64_t count = 0;
  for (const GridLevel& level : levels) count += level.cells();
  return count;
}

}  // namespace deepmad::train
