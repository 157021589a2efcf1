// Non-negative least squares.
#pragma once

#include <vector>

namespace deepmad::mad {

// One measurement, modelled as value = sum of coefficient * feature.
struct FitRow {
  std::vector<double> features;  // >= 0, the same number in each row
  double value = 0;              // > 0
};

// Fits coefficients >= 0 by least squares on relative errors, then rescales them so that the predictions sum to the measurements. Outliers,
// which come from disturbances on the machine, are removed and the rest is fitted again. The coefficient of a feature that is 0 in all rows
// is 0. REQUIRES: at least one row.
std::vector<double> FitNonnegative(const std::vector<FitRow>& rows);

}  // namespace deepmad::mad
