#include "data/transforms/flip.h"

#include <algorithm>

namespace deepmad::data {

void FlipHorizontally(Image& image) {
  for (int y = 0; y < image.height; ++y) {
    uint8_t* left = image.row(y);
    uint8_t* right = left + image.row_bytes() - image.channels;
    for (; left < right; left += image.channels, right -= image.channels) std::swap_ranges(left, left + image.channels, right);
  }
}

}  // namespace deepmad::data
