// Pixels in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace deepmad::data {

// 8-bit pixels, [height][width][channels], rows tight. One channel is grey, three are RGB.
struct Image {
  int height = 0;
  int width = 0;
  int channels = 3;
  std::vector<uint8_t> pixels;

  Image() = default;
  Image(int height_in, int width_in, int channels_in)  // black
      : height(height_in), width(width_in), channels(channels_in), pixels(static_cast<size_t>(height_in) * width_in * channels_in) {}

  size_t row_bytes() const { return static_cast<size_t>(width) * channels; }
  uint8_t* row(int y) { return pixels.data() + y * row_bytes(); }
  const uint8_t* row(int y) const { return pixels.data() + y * row_bytes(); }
};

// A rectangle of pixels; may reach outside an image where a function says so.
struct Region {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;
};

struct Size {
  int height = 0;
  int width = 0;
};

}  // namespace deepmad::data
