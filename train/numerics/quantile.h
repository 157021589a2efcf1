// Quantiles of a small set of measurements.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace deepmad::train {

// Returns the `share` quantile, interpolated linearly between the two nearest values. REQUIRES: at least one value, 0 <= share <= 1.
inline double Quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double place = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
}

}  // namespace deepmad::train
