#include "data/transforms/resample_portable.h"

#include <algorithm>
#include <vector>

#include "data/transforms/fastest_version.h"

namespace deepmad::data {
namespace {

constexpr int32_t kHalf = 1 << (kWeightBits - 1);

inline uint8_t ToByte(int32_t sum) { return static_cast<uint8_t>(std::clamp(sum >> kWeightBits, 0, 255)); }

// One row: `in` are the source values as four 32-bit numbers a pixel, so that a pixel is one vector register.
DEEPMAD_FASTEST_VERSION void ResampleRow(const int32_t* in, const ResampleTaps& taps, int channels, uint8_t* out) {
  const int outputs = taps.outputs();
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

// One output row from `count` source rows that follow each other `stride` bytes apart; some values at a time, so that their sums stay in
// registers.
DEEPMAD_FASTEST_VERSION void BlendRows(const uint8_t* rows, size_t stride, size_t row_bytes, const int32_t* weights, int count,
                                       uint8_t* out) {
  constexpr size_t kTogether = 64;
  size_t x = 0;
  for (; x + kTogether <= row_bytes; x += kTogether) {
    int32_t sums[kTogether];
    for (int32_t& sum : sums) sum = kHalf;
    for (int j = 0; j < count; ++j) {
      const uint8_t* row = rows + j * stride + x;
      for (size_t i = 0; i < kTogether; ++i) sums[i] += weights[j] * row[i];
    }
    for (size_t i = 0; i < kTogether; ++i) out[x + i] = ToByte(sums[i]);
  }
  for (; x < row_bytes; ++x) {
    int32_t sum = kHalf;
    for (int j = 0; j < count; ++j) sum += weights[j] * rows[j * stride + x];
    out[x] = ToByte(sum);
  }
}

}  // namespace

Image ResampleColumnsPortable(const ImageView& rows, const ResampleTaps& taps) {
  Image out(rows.height, taps.outputs(), rows.channels);
  std::vector<int32_t> wide(static_cast<size_t>(rows.width) * 4);
  for (int y = 0; y < rows.height; ++y) {
    const uint8_t* from = rows.row(y);
    for (int x = 0; x < rows.width; ++x) {
      for (int c = 0; c < rows.channels; ++c) wide[x * size_t{4} + c] = from[x * static_cast<size_t>(rows.channels) + c];
    }
    ResampleRow(wide.data(), taps, rows.channels, out.row(y));
  }
  return out;
}

Image ResampleRowsPortable(const ImageView& image, int first_row, const ResampleTaps& taps) {
  Image out(taps.outputs(), image.width, image.channels);
  for (int y = 0; y < out.height; ++y) {
    BlendRows(image.row(taps.first[y] - first_row), image.stride, image.row_bytes(), taps.weights_of(y), taps.count[y], out.row(y));
  }
  return out;
}

}  // namespace deepmad::data
