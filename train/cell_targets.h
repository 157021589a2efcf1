// What a detection head should predict for the pictures of a batch, cell by cell. Cells are counted picture by picture, in each through all
// levels, finest first, row by row.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/TensorOptions.h>

#include <vector>

#include "data/boxes.h"
#include "train/targets/fcos.h"
#include "train/targets/grid.h"

namespace deepmad::train {

struct CellTargets {
  at::Tensor labels;                 // [cells] int64: a class, or the number of classes for background
  at::Tensor counted;                // int64, ascending: the cells that have a loss; undefined where all have
  at::Tensor positives;              // [P] int64, ascending: the cells that have a box
  at::Tensor distances;              // [P, 4]: from the cell's point to the left, top, right and bottom of its box, in pixels or strides
  at::Tensor centreness;             // [P] in [0, 1], of FCOS
  double pictures_or_positives = 0;  // the number of positives, that of a picture counting as at least 1
};

// `options`: type and device of distances and centreness; the whole numbers are on that device too.
CellTargets FcosCellTargets(const std::vector<GridLevel>& levels, const std::vector<data::InputBoxes>& pictures, int64_t classes,
                            const FcosRule& rule, const at::TensorOptions& options);
// Of GFLv2: in strides, from the centres of the anchors.
CellTargets AtssCellTargets(const std::vector<GridLevel>& levels, const std::vector<data::InputBoxes>& pictures, int64_t classes,
                            const at::TensorOptions& options);

}  // namespace deepmad::train
