#include "data/transforms/flip.h"

#include <cstring>
#include <vector>

namespace deepmad::data {

void FlipHorizontally(Image& image) {
  constexpr size_t kPixel = 4;  // bytes moved for each, so that the compiler needs one move; what is too much is overwritten by the next
  const size_t channels = image.channels, bytes = image.row_bytes();
  std::vector<uint8_t> mirrored(bytes + kPixel), row(bytes + kPixel);
  for (int y = 0; y < image.height; ++y) {
    std::memcpy(row.data(), image.row(y), bytes);
    uint8_t* to = mirrored.data();
    for (size_t from = bytes; from > 0; to += channels) std::memcpy(to, row.data() + (from -= channels), kPixel);
    std::memcpy(image.row(y), mirrored.data(), bytes);
  }
}

}  // namespace deepmad::data
