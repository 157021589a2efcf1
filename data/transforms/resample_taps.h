// Filter weights of one pass of the antialiased resize (docs/protocols/classification.md, section 2.3).
#pragma once

#include <cstdint>
#include <vector>

#include "data/transforms/interpolation.h"

namespace deepmad::data {

inline constexpr int kWeightBits = 22;

// For each output position: where its source values start, how many there are, and their weights, which sum to about 2^22.
struct ResampleTaps {
  std::vector<int> first;
  std::vector<int> count;
  std::vector<int32_t> weights;  // `stride` per output, count[i] of them used
  int stride = 0;

  int outputs() const { return static_cast<int>(first.size()); }
  const int32_t* weights_of(int i) const { return weights.data() + static_cast<size_t>(i) * stride; }
};

// Outputs begin..end-1 of a resize of `in` values to `out` values. The support grows with the scale when shrinking (antialiasing), pixel
// centres are at j + 0.5, weights are normalised in double and then rounded half away from zero to 22 bits.
ResampleTaps ComputeTaps(int in, int out, int begin, int end, Interpolation interpolation);

}  // namespace deepmad::data
