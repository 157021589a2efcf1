#include "data/transforms/resample_taps.h"

#include <algorithm>
#include <cmath>

namespace deepmad::data {
namespace {

double Triangle(double t) {
  t = std::abs(t);
  return t < 1 ? 1 - t : 0;
}

// Keys' cubic convolution with a = -0.5.
double Cubic(double t) {
  t = std::abs(t);
  if (t < 1) return (1.5 * t - 2.5) * t * t + 1;
  if (t < 2) return ((-0.5 * t + 2.5) * t - 4) * t + 2;
  return 0;
}

}  // namespace

ResampleTaps ComputeTaps(int in, int out, int begin, int end, Interpolation interpolation) {
  const bool cubic = interpolation == Interpolation::kBicubic;
  const double scale = static_cast<double>(in) / out;
  const double filter_scale = std::max(scale, 1.0);
  const double radius = filter_scale * (cubic ? 2 : 1);

  ResampleTaps taps;
  taps.stride = static_cast<int>(std::ceil(radius)) * 2 + 1;
  taps.first.resize(end - begin);
  taps.count.resize(end - begin);
  taps.weights.resize(static_cast<size_t>(end - begin) * taps.stride);
  std::vector<double> weights(taps.stride);
  for (int i = begin; i < end; ++i) {
    const double centre = (i + 0.5) * scale;
    const int low = std::max(0, static_cast<int>(centre - radius + 0.5));
    const int high = std::min(in, static_cast<int>(centre + radius + 0.5));
    const int count = high - low;
    double sum = 0;
    for (int j = 0; j < count; ++j) {
      const double t = (j + low - centre + 0.5) / filter_scale;
      weights[j] = cubic ? Cubic(t) : Triangle(t);
      sum += weights[j];
    }
    int32_t* rounded = taps.weights.data() + static_cast<size_t>(i - begin) * taps.stride;
    for (int j = 0; j < count; ++j) rounded[j] = static_cast<int32_t>(std::lround(weights[j] / sum * (1 << kWeightBits)));
    taps.first[i - begin] = low;
    taps.count[i - begin] = count;
  }
  return taps;
}

}  // namespace deepmad::data
