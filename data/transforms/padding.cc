#include "data/transforms/padding.h"

#include <algorithm>
#include <vector>

namespace deepmad::data {

void NormalisePadded(const Image& image, Size room, const Normaliser& normaliser, MemoryLayout layout, float* out) {
  std::vector<float> values(image.pixels.size());
  normaliser.Apply(image, layout, values.data());
  std::fill(out, out + static_cast<int64_t>(room.height) * room.width * image.channels, 0.0F);
  const bool planes = layout == MemoryLayout::kContiguous;
  const int in_step = planes ? 1 : image.channels;
  const int row_values = image.width * in_step, room_row_values = room.width * in_step;
  const float* from = values.data();
  for (int plane = 0; plane < (planes ? image.channels : 1); ++plane) {
    for (int y = 0; y < image.height; ++y, from += row_values) {
      std::copy(from, from + row_values, out + (static_cast<int64_t>(plane) * room.height + y) * room_row_values);
    }
  }
}

}  // namespace deepmad::data
