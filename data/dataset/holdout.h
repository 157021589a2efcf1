// A validation part taken from the training part, for studies that must not look at the test part while they choose.
#pragma once

#include <cstdint>
#include <memory>

#include "data/dataset/dataset.h"

namespace deepmad::data {

enum class HoldoutPart {
  kKept,      // what remains to train on
  kHeldOut,   // what does not
  kLastKept,  // as many of what remains, to see how well the training samples themselves are known
};

// Of each class of `dataset` the last `per_class` samples in its order are held out. The kept part has the others in their order; the other
// two parts have `per_class` samples of each class and go through the classes in turn, so that their batches have samples of many classes.
// UsageError where a class has fewer than twice `per_class` samples, or where samples have no label as a whole.
std::unique_ptr<Dataset> HoldOut(std::unique_ptr<Dataset> dataset, int64_t per_class, HoldoutPart part);

}  // namespace deepmad::data
