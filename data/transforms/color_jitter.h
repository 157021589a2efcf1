// Brightness, contrast and saturation in random order (docs/protocols/classification.md, section 3.3).
#pragma once

#include <vector>

#include "base/random.h"
#include "data/transforms/augment_op.h"

namespace deepmad::data {

struct ColorJitter {
  double strength = 0.4;  // each factor is uniform in 1 - strength .. 1 + strength; 0..1

  std::vector<AugmentOp> Draw(base::Random& random) const;
};

}  // namespace deepmad::data
