#include "data/transforms/channels.h"

#include <stdexcept>

namespace deepmad::data {

void ConvertChannels(Image& image, int channels) {
  if (image.channels == channels) return;
  Image out(image.height, image.width, channels);
  const size_t pixels = static_cast<size_t>(image.height) * image.width;
  if (image.channels == 1 && channels == 3) {
    for (size_t i = 0; i < pixels; ++i) {
      for (int c = 0; c < 3; ++c) out.pixels[i * 3 + c] = image.pixels[i];
    }
  } else if (image.channels == 3 && channels == 1) {
    for (size_t i = 0; i < pixels; ++i) {
      const uint8_t* rgb = image.pixels.data() + i * 3;
      out.pixels[i] = static_cast<uint8_t>((19595 * rgb[0] + 38470 * rgb[1] + 7471 * rgb[2] + 32768) >> 16);
    }
  } else {
    throw std::logic_error("ConvertChannels: between grey and RGB only");
  }
  image = std::move(out);
}

}  // namespace deepmad::data
