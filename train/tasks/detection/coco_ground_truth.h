// The ground truth of COCO's box metric, from an annotation file.
#pragma once

#include <string>
#include <vector>

#include "data/annotations/coco_annotations.h"
#include "train/metrics/coco_boxes.h"

namespace deepmad::train {

// Returns every annotation of the file, including the ones a training set would leave out.
CocoTruths TruthsOf(const data::CocoAnnotations& file);
// Returns the category names in order of ascending id, the order of the classes in CocoScores.
std::vector<std::string> CategoryNames(const data::CocoAnnotations& file);

}  // namespace deepmad::train
