// What a detector is scored against, from the annotation file.
#pragma once

#include <string>
#include <vector>

#include "data/coco_annotations.h"
#include "train/metrics/coco_boxes.h"

namespace deepmad::train {

// All of the file, whatever a training set would drop.
CocoTruths TruthsOf(const data::CocoAnnotations& file);
// By ascending id, as CocoScores has the classes.
std::vector<std::string> CategoryNames(const data::CocoAnnotations& file);

}  // namespace deepmad::train
