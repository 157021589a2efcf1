#include "data/transforms/resize.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>

#include "data/transforms/crop.h"
#include "data/transforms/resample_taps.h"

// Several 32-bit multiplications at a time need SSE 4.1 or AVX2: the dynamic linker picks the best version at start-up. Sanitizers cannot
// run the functions that pick.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#define DEEPMAD_FASTEST_VERSION __attribute__((target_clones("avx2", "sse4.1", "default")))
#else
#define DEEPMAD_FASTEST_VERSION
#endif

namespace deepmad::data {
namespace {

constexpr int32_t kHalf = 1 << (kWeightBits - 1);

inline uint8_t ToByte(int32_t sum) { return static_cast<uint8_t>(std::clamp(sum >> kWeightBits, 0, 255)); }

// One row: `in` are the source values as four 32-bit numbers a pixel, so that a pixel is one vector register.
DEEPMAD_FASTEST_VERSION void ResampleRow(const int32_t* in, const ResampleTaps& taps, int channels, uint8_t* out) {
  const int outputs = static_cast<int>(taps.first.size());
  for (int x = 0; x < outputs; ++x) {
    const int32_t* weights = taps.weights_of(x);
    const int32_t* from = in + static_cast<size_t>(taps.first[x]) * 4;
    int32_t sum[4] = {kHalf, kHalf, kHalf, kHalf};
    for (int j = 0; j < taps.count[x]; ++j) {
      for (int c = 0; c < 4; ++c) sum[c] += weights[j] * from[j * 4 + c];
    }
    for (int c = 0; c < channels; ++c) out[static_cast<size_t>(x) * channels + c] = ToByte(sum[c]);
  }
}

// One output row from `count` source rows that follow each other `row_bytes` apart; some values at a time, so that their sums stay in
// registers.
DEEPMAD_FASTEST_VERSION void BlendRows(const uint8_t* rows, size_t row_bytes, const int32_t* weights, int count, uint8_t* out) {
  constexpr size_t kTogether = 32;
  size_t x = 0;
  for (; x + kTogether <= row_bytes; x += kTogether) {
    int32_t sums[kTogether];
    for (int32_t& sum : sums) sum = kHalf;
    for (int j = 0; j < count; ++j) {
      const uint8_t* row = rows + j * row_bytes + x;
      for (size_t i = 0; i < kTogether; ++i) sums[i] += weights[j] * row[i];
    }
    for (size_t i = 0; i < kTogether; ++i) out[x + i] = ToByte(sums[i]);
  }
  for (; x < row_bytes; ++x) {
    int32_t sum = kHalf;
    for (int j = 0; j < count; ++j) sum += weights[j] * rows[j * row_bytes + x];
    out[x] = ToByte(sum);
  }
}

// Source rows top..top+height-1, columns from `left` on, resampled to the columns of `taps`.
Image HorizontalPass(const Image& image, int left, int width, int top, int height, const ResampleTaps& taps) {
  Image out(height, static_cast<int>(taps.first.size()), image.channels);
  std::vector<int32_t> wide(static_cast<size_t>(width) * 4);
  for (int y = 0; y < height; ++y) {
    const uint8_t* from = image.row(top + y) + static_cast<size_t>(left) * image.channels;
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < image.channels; ++c) wide[x * size_t{4} + c] = from[x * static_cast<size_t>(image.channels) + c];
    }
    ResampleRow(wide.data(), taps, image.channels, out.row(y));
  }
  return out;
}

// `first_row`: which row of the source the first row of `image` is.
Image VerticalPass(const Image& image, int first_row, const ResampleTaps& taps) {
  Image out(static_cast<int>(taps.first.size()), image.width, image.channels);
  for (int y = 0; y < out.height; ++y) {
    BlendRows(image.row(taps.first[y] - first_row), image.row_bytes(), taps.weights_of(y), taps.count[y], out.row(y));
  }
  return out;
}

bool Contains(Size size, const Region& region) {
  return region.left >= 0 && region.top >= 0 && region.width > 0 && region.height > 0 && region.left + region.width <= size.width &&
         region.top + region.height <= size.height;
}

}  // namespace

Image Resize(const Image& image, Size size, Interpolation interpolation) {
  return ResizeRegion(image, {0, 0, image.width, image.height}, size, {0, 0, size.width, size.height}, interpolation);
}

Image ResizeRegion(const Image& image, const Region& source, Size size, const Region& window, Interpolation interpolation) {
  if (image.channels > 4 || !Contains({image.height, image.width}, source) || !Contains(size, window)) {
    throw std::logic_error("ResizeRegion: a region lies outside its picture");
  }
  const bool vertical = size.height != source.height;
  ResampleTaps rows;
  int top = window.top;  // of the source rows that the window needs, counted within `source`
  int height = window.height;
  if (vertical) {
    rows = ComputeTaps(source.height, size.height, window.top, window.top + window.height, interpolation);
    top = rows.first.front();
    height = rows.first.back() + rows.count.back() - top;
  }

  Image image_of_columns;
  if (size.width != source.width) {
    const ResampleTaps columns = ComputeTaps(source.width, size.width, window.left, window.left + window.width, interpolation);
    image_of_columns = HorizontalPass(image, source.left, source.width, source.top + top, height, columns);
  } else {
    image_of_columns = Crop(image, {source.left + window.left, source.top + top, window.width, height});
  }
  return vertical ? VerticalPass(image_of_columns, top, rows) : image_of_columns;
}

Size SizeForShorterSide(Size size, int shorter) {
  const int64_t height = size.height, width = size.width;
  if (width <= height) return {static_cast<int>(shorter * height / width), shorter};
  return {shorter, static_cast<int>(shorter * width / height)};
}

int ValidationResize::resized_side() const { return static_cast<int>(std::floor(crop / crop_pct)); }

Image ValidationResize::operator()(const Image& image) const {
  const Size size = SizeForShorterSide({image.height, image.width}, resized_side());
  const Region centre = CentreRegion(size, {crop, crop});
  // Only the part of the crop that lies on the picture is computed.
  Region inside;
  inside.left = std::max(0, centre.left);
  inside.top = std::max(0, centre.top);
  inside.width = std::min(size.width, centre.left + crop) - inside.left;
  inside.height = std::min(size.height, centre.top + crop) - inside.top;
  Image resized = ResizeRegion(image, {0, 0, image.width, image.height}, size, inside, interpolation);
  if (inside.width == crop && inside.height == crop) return resized;
  return Crop(resized, {centre.left - inside.left, centre.top - inside.top, crop, crop});
}

}  // namespace deepmad::data
