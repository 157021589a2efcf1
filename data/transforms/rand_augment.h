// RandAugment with increasing severity (Cubuk et al., 2020; docs/protocols/classification.md, section 3.8).
#pragma once

#include <vector>

#include "base/random.h"
#include "data/transforms/augment_op.h"

namespace deepmad::data {

struct RandAugment {
  int ops = 2;             // drawn with replacement
  double magnitude = 7;    // 0..10, mean of a normal draw for each operation that fires
  double deviation = 0.5;  // of that draw, which is clamped to 0..10
  double probability = 0.5;

  std::vector<AugmentOp> Draw(base::Random& random) const;
};

}  // namespace deepmad::data
