// AutoAugment's policy for ImageNet (Cubuk et al., CVPR 2019; docs/protocols/classification.md, section 3.7).
#pragma once

#include <vector>

#include "base/random.h"
#include "data/transforms/augment_op.h"

namespace deepmad::data {

struct AutoAugment {
  // kOriginal: rotations to either side, all geometric operations bicubic. kZen480: as the recipe of that name has it, rotations always
  // counter-clockwise, rotate and translate nearest, shear bicubic.
  enum class Variant { kOriginal, kZen480 };
  Variant variant = Variant::kOriginal;

  // One of 25 pairs of operations; each of the two fires with its own probability.
  std::vector<AugmentOp> Draw(base::Random& random) const;
};

}  // namespace deepmad::data
