// The training targets of a dense detection head for one batch. Cells are numbered image by image, within an image level by level (finest
// first), within a level row by row.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/TensorOptions.h>

#include <vector>

#include "data/dataset/boxes.h"
#include "train/targets/fcos.h"
#include "train/targets/grid.h"

namespace deepmad::train {

struct CellTargets {
  at::Tensor labels;                 // [cells] int64: a class, or the number of classes for background
  at::Tensor counted;                // int64, ascending: cells that contribute to the loss; undefined if all do
  at::Tensor positives;              // [P] int64, ascending: cells that are assigned a box
  at::Tensor distances;              // [P, 4]: from the cell's point to the left, top, right and bottom of its box, in pixels or strides
  at::Tensor centreness;             // [P] in [0, 1]; FCOS only, else undefined
  double pictures_or_positives = 0;  // number of positives, counting at least 1 per image
};

// Assigns boxes to cells by the rule of FCOS. `options` gives the device of all tensors and the type of distances and centreness.
CellTargets FcosCellTargets(const std::vector<GridLevel>& levels, const std::vector<data::InputBoxes>& pictures, int64_t classes,
                            const FcosRule& rule, const at::TensorOptions& options);
// Assigns boxes to cells by ATSS, for GFLv2. Distances are measured from anchor centres, in strides.
CellTargets AtssCellTargets(const std::vector<GridLevel>& levels, const std::vector<data::InputBoxes>& pictures, int64_t classes,
                            const at::TensorOptions& options);

}  // namespace deepmad::train
