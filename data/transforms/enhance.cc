#include "data/transforms/enhance.h"

#include <vector>

#include "data/transforms/fastest_version.h"
#include "data/transforms/tone.h"

namespace deepmad::data {
namespace {

DEEPMAD_FASTEST_VERSION void BlendBytes(const uint8_t* from, const uint8_t* to, size_t count, float factor, uint8_t* out) {
  for (size_t i = 0; i < count; ++i) out[i] = Blend(from[i], to[i], factor);
}

// (2 n + 13) / 26 is n / 13 to the nearest; ties cannot be.
DEEPMAD_FASTEST_VERSION void SmoothRow(const uint8_t* above, const uint8_t* here, const uint8_t* below, size_t begin, size_t end,
                                       size_t step, uint8_t* out) {
  for (size_t i = begin; i < end; ++i) {
    const int sum = above[i - step] + above[i] + above[i + step] + here[i - step] + 5 * here[i] + here[i + step] + below[i - step] +
                    below[i] + below[i + step];
    out[i] = static_cast<uint8_t>(static_cast<uint16_t>(2 * sum + 13) / 26);
  }
}

}  // namespace

void ScaleColour(Image& image, double factor) {
  if (image.channels == 1) return;
  std::vector<uint8_t> luma(image.row_bytes());
  for (int y = 0; y < image.height; ++y) {
    uint8_t* row = image.row(y);
    for (size_t i = 0; i < luma.size(); i += 3) luma[i] = luma[i + 1] = luma[i + 2] = Luma(row + i);
    BlendBytes(luma.data(), row, luma.size(), static_cast<float>(factor), row);
  }
}

void ScaleSharpness(Image& image, double factor) {
  if (image.height < 3 || image.width < 3) return;  // all border
  Image smooth = image;
  const size_t step = image.channels;
  for (int y = 1; y < image.height - 1; ++y) {
    SmoothRow(image.row(y - 1), image.row(y), image.row(y + 1), step, image.row_bytes() - step, step, smooth.row(y));
  }
  BlendBytes(smooth.pixels.data(), image.pixels.data(), image.pixels.size(), static_cast<float>(factor), image.pixels.data());
}

}  // namespace deepmad::data
