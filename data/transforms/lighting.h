// Noise along the principal components of ImageNet's colours (Krizhevsky et al., 2012; docs/protocols/classification.md,
// section 3.4).
#pragma once

#include <array>

#include "base/random.h"

namespace deepmad::data {

struct Lighting {
  double sigma = 0.1;  // of the three normal draws

  // What is added to R, G, B on the [0, 1] scale.
  std::array<float, 3> Draw(base::Random& random) const;
};

}  // namespace deepmad::data
