// What is hardly meant about the boxes of a set.
#pragma once

#include <string>
#include <vector>

#include "data/annotations/coco_annotations.h"
#include "data/datasets/coco_selection.h"

namespace deepmad::data {

// A line for each: a fifth of the boxes or more left out, most of them reaching out of their picture, another form than COCO's, two
// categories of one name.
std::vector<std::string> BoxWarnings(const CocoAnnotations& file, const CocoSet& set);

}  // namespace deepmad::data
