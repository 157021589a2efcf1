// Images of 8-bit pixels, regions and views of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace deepmad::data {

// Owns 8-bit pixels, [height][width][channels] without gaps between rows. One channel is grey, three are RGB.
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

// A rectangle of pixels. It lies inside its image unless a function says otherwise.
struct Region {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;
};

struct Size {
  int height = 0;
  int width = 0;

  Region whole() const { return {0, 0, width, height}; }
  friend bool operator==(const Size&, const Size&) = default;
  // Returns whether `region` is not empty and lies inside.
  bool Contains(const Region& region) const {
    return region.left >= 0 && region.top >= 0 && region.width > 0 && region.height > 0 && region.width <= width - region.left &&
           region.height <= height - region.top;
  }
};

// A view of pixels owned by something else: an image or a part of one.
struct ImageView {
  const uint8_t* pixels = nullptr;
  int height = 0;
  int width = 0;
  int channels = 3;
  size_t stride = 0;  // bytes from one row to the next

  ImageView() = default;
  ImageView(const Image& image)  // NOLINT: an image is a view of itself
      : pixels(image.pixels.data()), height(image.height), width(image.width), channels(image.channels), stride(image.row_bytes()) {}

  Size size() const { return {height, width}; }
  size_t row_bytes() const { return static_cast<size_t>(width) * channels; }
  const uint8_t* row(int y) const { return pixels + y * stride; }
  // Returns a view of a region. REQUIRES: the region lies inside.
  ImageView Part(const Region& region) const {
    ImageView part = *this;
    part.pixels = row(region.top) + static_cast<size_t>(region.left) * channels;
    part.height = region.height;
    part.width = region.width;
    return part;
  }
};

// All pixels of a view, rows tight.
inline Image Copy(const ImageView& view) {
  Image copy(view.height, view.width, view.channels);
  if (copy.pixels.empty()) return copy;
  for (int y = 0; y < view.height; ++y) std::memcpy(copy.row(y), view.row(y), view.row_bytes());
  return copy;
}

}  // namespace deepmad::data
