// Heads that predict in each place of a map: what the mathematics has to know of them. Their layers are in models/heads/ and are not
// part of a network's cost here; models/network/live_count.h counts them in the live network.
#pragma once

#include <string>
#include <vector>

namespace deepmad::mad {

inline constexpr int kCoarsestStride = 32;

struct DenseHead {
  enum class Predicts { kPixelClasses, kBoxes };

  std::string type;
  Predicts predicts;
  int finest_stride;     // it takes the maps of this stride and each coarser one up to kCoarsestStride
  int channels;          // of its own convolutions where nothing else is asked for
  int channel_multiple;  // they are a multiple of this: the groups of its norms
};

const std::vector<DenseHead>& DenseHeads();
// Null for another type.
const DenseHead* FindDenseHead(const std::string& type);
bool PredictsBoxes(const std::string& type);

}  // namespace deepmad::mad
