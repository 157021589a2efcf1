#include "data/transforms/warp.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>

namespace deepmad::data {
namespace {

uint8_t Truncate(double value) { return value <= 0 ? 0 : value >= 255 ? 255 : static_cast<uint8_t>(value); }

double Linear(double p, double q, double t) { return p + t * (q - p); }

double Cubic(double p, double q, double r, double s, double t) { return q + t * (r - p + t * (2 * (p - q) + r - s + t * (q - p + s - r))); }

// Offsets of `kTaps` neighbouring pixels or rows, the edge repeated, from the one `before` before `at`.
template <int kTaps>
struct Neighbours {
  size_t offset[kTaps];

  Neighbours(int at, int before, int length, size_t step) {
    for (int i = 0; i < kTaps; ++i) offset[i] = static_cast<size_t>(std::clamp(at - before + i, 0, length - 1)) * step;
  }
};

struct NearestSampler {
  template <int kChannels>
  static void Sample(const Image& image, double x, double y, uint8_t* out) {
    const uint8_t* from = image.row(static_cast<int>(y)) + static_cast<size_t>(x) * kChannels;
    for (int c = 0; c < kChannels; ++c) out[c] = from[c];
  }
};

struct BilinearSampler {
  template <int kChannels>
  static void Sample(const Image& image, double x, double y, uint8_t* out) {
    const double left = std::floor(x - 0.5), top = std::floor(y - 0.5), dx = x - 0.5 - left, dy = y - 0.5 - top;
    const Neighbours<2> columns(static_cast<int>(left), 0, image.width, kChannels);
    const Neighbours<2> rows(static_cast<int>(top), 0, image.height, image.row_bytes());
    for (int c = 0; c < kChannels; ++c) {
      double across[2];
      for (int j = 0; j < 2; ++j) {
        const uint8_t* row = image.pixels.data() + rows.offset[j] + c;
        across[j] = Linear(row[columns.offset[0]], row[columns.offset[1]], dx);
      }
      out[c] = Truncate(Linear(across[0], across[1], dy));
    }
  }
};

struct BicubicSampler {
  template <int kChannels>
  static void Sample(const Image& image, double x, double y, uint8_t* out) {
    const double left = std::floor(x - 0.5), top = std::floor(y - 0.5), dx = x - 0.5 - left, dy = y - 0.5 - top;
    const Neighbours<4> columns(static_cast<int>(left), 1, image.width, kChannels);
    const Neighbours<4> rows(static_cast<int>(top), 1, image.height, image.row_bytes());
    for (int c = 0; c < kChannels; ++c) {
      double across[4];
      for (int j = 0; j < 4; ++j) {
        const uint8_t* row = image.pixels.data() + rows.offset[j] + c;
        across[j] = Cubic(row[columns.offset[0]], row[columns.offset[1]], row[columns.offset[2]], row[columns.offset[3]], dx);
      }
      out[c] = Truncate(Cubic(across[0], across[1], across[2], across[3], dy));
    }
  }
};

template <typename Sampler, int kChannels>
Image WarpBy(const Image& image, const AffineMap& map, const FillColour& fill) {
  Image out(image.height, image.width, kChannels);
  for (int row = 0; row < out.height; ++row) {
    uint8_t* to = out.row(row);
    const double y = row + 0.5;
    for (int column = 0; column < out.width; ++column, to += kChannels) {
      const double x = column + 0.5;
      const double from_x = map.a * x + map.b * y + map.c, from_y = map.d * x + map.e * y + map.f;
      if (from_x >= 0 && from_x < image.width && from_y >= 0 && from_y < image.height) {
        Sampler::template Sample<kChannels>(image, from_x, from_y, to);
      } else {
        std::memcpy(to, fill.data(), kChannels);
      }
    }
  }
  return out;
}

template <typename Sampler>
Image WarpBy(const Image& image, const AffineMap& map, const FillColour& fill) {
  return image.channels == 3 ? WarpBy<Sampler, 3>(image, map, fill) : WarpBy<Sampler, 1>(image, map, fill);
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
  switch (sampling) {
    case Sampling::kNearest:
      return WarpBy<NearestSampler>(image, map, fill);
    case Sampling::kBilinear:
      return WarpBy<BilinearSampler>(image, map, fill);
    case Sampling::kBicubic:
      break;
  }
  return WarpBy<BicubicSampler>(image, map, fill);
}

}  // namespace deepmad::data
