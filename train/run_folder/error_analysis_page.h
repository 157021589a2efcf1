// The part of the report page that shows what a classifier gets wrong.
#pragma once

#include <vector>

#include "data/dataset/dataset.h"
#include "train/report/page.h"
#include "train/tasks/error_analysis.h"

namespace deepmad::train {

struct FindingsPage {
  PageTable confusion;  // of few classes: all
  PageTable confused;   // of many: the pairs that are taken for each other most
  std::vector<PagePicture> pictures;
};

// Decodes the pictures of the worst mistakes. `validation` is the set that was scored. FailedError of its pictures.
FindingsPage DrawFindings(const Findings& findings, const data::Dataset& validation);

}  // namespace deepmad::train
