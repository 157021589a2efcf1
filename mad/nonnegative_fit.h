// Least squares with coefficients that are not negative.
#pragma once

#include <vector>

namespace deepmad::mad {

// Measured values and what they may be made of: value is about the sum of coefficient * feature.
struct FitRow {
  std::vector<double> features;  // >= 0, the same number in each row
  double value = 0;              // > 0
};

// The coefficients >= 0 with the least sum of squared relative errors, in the same proportions as large as gives the rows' sum. Rows
// further off than the others by far, which something else on the machine disturbed, are left out and the rest fitted again. 0 for a
// feature that is 0 in all rows. Requires a row.
std::vector<double> FitNonnegative(const std::vector<FitRow>& rows);

}  // namespace deepmad::mad
