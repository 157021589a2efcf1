#include "data/transforms/warp.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "data/transforms/fastest_version.h"

namespace deepmad::data {
namespace {

struct Frame {
  Size size;
  AffineMap map;
  FillColour fill;
  int channels;

  // Calls sample(X, Y, out) for the pixels of an output row that show a point of the input, and fills the others.
  template <typename Sample>
  __attribute__((always_inline)) inline void Row(int row, uint8_t* out, const Sample& sample) const {
    const double y = row + 0.5;
    for (int column = 0; column < size.width; ++column, out += channels) {
      const double x = column + 0.5;
      const double from_x = map.a * x + map.b * y + map.c, from_y = map.d * x + map.e * y + map.f;
      if (from_x >= 0 && from_x < size.width && from_y >= 0 && from_y < size.height) {
        sample(from_x, from_y, out);
      } else {
        for (int c = 0; c < channels; ++c) out[c] = fill[static_cast<size_t>(c)];
      }
    }
  }
};

// Four numbers a pixel, so that a pixel is one vector register.
constexpr int kLanes = 4;
using Pixel = double[kLanes];

std::vector<double> Widen(const Image& image) {
  const size_t pixels = static_cast<size_t>(image.height) * image.width;
  std::vector<double> wide(pixels * kLanes);
  for (size_t i = 0; i < pixels; ++i) {
    for (int c = 0; c < image.channels; ++c) wide[i * kLanes + c] = image.pixels[i * image.channels + c];
  }
  return wide;
}

__attribute__((always_inline)) inline void Interpolate(const double* const (&taps)[2], double t, Pixel& out) {
  for (int c = 0; c < kLanes; ++c) out[c] = taps[0][c] + t * (taps[1][c] - taps[0][c]);
}

__attribute__((always_inline)) inline void Interpolate(const double* const (&taps)[4], double t, Pixel& out) {
  for (int c = 0; c < kLanes; ++c) {
    const double p = taps[0][c], q = taps[1][c], r = taps[2][c], s = taps[3][c];
    out[c] = q + t * (r - p + t * (2 * (p - q) + r - s + t * (q - p + s - r)));
  }
}

// One output row from a widened image, with two taps a direction (bilinear) or four (bicubic); the edge is repeated.
template <int kTaps>
__attribute__((always_inline)) inline void SmoothRow(const double* wide, const Frame& frame, int row, uint8_t* out) {
  frame.Row(
      row, out, [&](double x, double y, uint8_t* pixel) __attribute__((always_inline)) {
        constexpr int kBefore = kTaps / 2 - 1;
        const double left = std::floor(x - 0.5), top = std::floor(y - 0.5);
        Pixel across[kTaps], result;
        const double* rows[kTaps];
        for (int j = 0; j < kTaps; ++j) {
          const int from_row = std::clamp(static_cast<int>(top) - kBefore + j, 0, frame.size.height - 1);
          const double* taps[kTaps];
          for (int i = 0; i < kTaps; ++i) {
            const int column = std::clamp(static_cast<int>(left) - kBefore + i, 0, frame.size.width - 1);
            taps[i] = wide + (static_cast<size_t>(from_row) * frame.size.width + column) * kLanes;
          }
          Interpolate(taps, x - 0.5 - left, across[j]);
          rows[j] = across[j];
        }
        Interpolate(rows, y - 0.5 - top, result);
        for (int c = 0; c < frame.channels; ++c) pixel[c] = static_cast<uint8_t>(std::clamp(result[c], 0.0, 255.0));
      });
}

DEEPMAD_FASTEST_VERSION void BilinearRow(const double* wide, const Frame& frame, int row, uint8_t* out) {
  SmoothRow<2>(wide, frame, row, out);
}

DEEPMAD_FASTEST_VERSION void BicubicRow(const double* wide, const Frame& frame, int row, uint8_t* out) {
  SmoothRow<4>(wide, frame, row, out);
}

void NearestRow(const Image& image, const Frame& frame, int row, uint8_t* out) {
  frame.Row(row, out, [&](double x, double y, uint8_t* pixel) {
    const uint8_t* from = image.row(static_cast<int>(y)) + static_cast<size_t>(x) * frame.channels;
    for (int c = 0; c < frame.channels; ++c) pixel[c] = from[c];
  });
}

}  // namespace

AffineMap ShearXMap(double factor) { return {1, factor, 0, 0, 1, 0}; }

AffineMap ShearYMap(double factor) { return {1, 0, 0, factor, 1, 0}; }

AffineMap TranslateMap(double x, double y) { return {1, 0, x, 0, 1, y}; }

AffineMap RotateMap(double degrees, Size size) {
  const double angle = degrees * std::numbers::pi / 180, cosine = std::cos(angle), sine = std::sin(angle);
  const double x = size.width / 2.0, y = size.height / 2.0;
  return {cosine, -sine, x - cosine * x + sine * y, sine, cosine, y - sine * x - cosine * y};
}

Image Warp(const Image& image, const AffineMap& map, Sampling sampling, const FillColour& fill) {
  Image out(image.height, image.width, image.channels);
  const Frame frame{{image.height, image.width}, map, fill, image.channels};
  std::vector<double> wide;
  if (sampling != Sampling::kNearest) wide = Widen(image);
  for (int row = 0; row < out.height; ++row) {
    if (sampling == Sampling::kNearest) {
      NearestRow(image, frame, row, out.row(row));
    } else {
      (sampling == Sampling::kBilinear ? BilinearRow : BicubicRow)(wide.data(), frame, row, out.row(row));
    }
  }
  return out;
}

}  // namespace deepmad::data
