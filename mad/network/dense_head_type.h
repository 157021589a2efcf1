// Properties of dense heads (detection, segmentation) that the mathematics needs. Their layers are in models/heads/ and are not included in
// the closed-form cost; models/network/live_count.h counts them in the live network.
#pragma once

#include <string>
#include <vector>

namespace deepmad::mad {

inline constexpr int kCoarsestStride = 32;

struct DenseHead {
  enum class Predicts { kPixelClasses, kBoxes };

  std::string type;
  Predicts predicts;
  int finest_stride;     // input maps: this stride and each coarser one up to kCoarsestStride
  int channels;          // default width of its convolutions
  int channel_multiple;  // the width must be a multiple of this, the number of groups of its norms
};

const std::vector<DenseHead>& DenseHeads();
// Returns the properties of a type, or null if it is not a dense head.
const DenseHead* FindDenseHead(const std::string& type);
bool PredictsBoxes(const std::string& type);

}  // namespace deepmad::mad
