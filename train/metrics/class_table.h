// The table of scores by class of a segmentation, as JSON and as text.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "train/metrics/mean_iou.h"

namespace deepmad::train {

// [{"class": 1, "name": "wall", "IoU": , "Acc": , "both": , "predicted": , "labelled": }, ...] of the classes that are predicted or
// present; numbers start at `first`, a class without a name is "class 7", and Acc is null for one that is not present.
base::Json ClassTable(const SegmentationCounts& counts, const std::vector<std::string>& names, int first);
// Formats a table made by ClassTable(), in percent.
std::string ClassTableText(const base::Json& table);

}  // namespace deepmad::train
