// Which classes a data set shows, and what to say where some are not.
#pragma once

#include <string>
#include <vector>

#include "data/dataset/dataset.h"

namespace deepmad::data {

struct ClassUse {
  std::vector<int64_t> counts;  // by class index: samples, objects, or label maps that show the class
  int64_t looked_at = 0;        // samples; fewer than there are only where pixels are labelled
  bool unlabelled = false;      // some pixel has no label (255)
};

// Counts labels; where pixels are labelled it reads label maps, at most `most`, evenly spread over the set. Maps that cannot be read are
// passed over: they are named when they are used.
ClassUse UseOfClasses(const Dataset& dataset, int64_t most = 400);

// One line naming the classes that no sample has; empty where all have one, and where only a part was looked at and shows no more than that
// rare classes are rare.
std::string DescribeUnused(const Dataset& dataset, const ClassUse& use);

}  // namespace deepmad::data
