#include "mad/latency/nonnegative_least_squares.h"

#include <algorithm>
#include <cmath>

namespace deepmad::mad {
namespace {

constexpr int kSweeps = 20000;
constexpr double kEnough = 1e-10;     // change of a coefficient's share in a sweep
constexpr double kFarOff = 5;         // times the median error
constexpr double kLeastError = 0.02;  // smaller errors are no sign of a disturbance

// Gauss-Seidel on the normal equations, each coefficient cut off at 0: convex, so it ends at the optimum.
std::vector<double> Fit(const std::vector<FitRow>& rows) {
  const size_t count = rows.front().features.size();
  std::vector<double> scale(count, 0.0);  // so that the columns have length 1
  for (const FitRow& row : rows) {
    for (size_t i = 0; i < count; ++i) scale[i] += row.features[i] / row.value * (row.features[i] / row.value);
  }
  for (double& length : scale) length = length > 0 ? 1 / std::sqrt(length) : 0;
  std::vector<double> products(count * count, 0.0), sums(count, 0.0);
  for (const FitRow& row : rows) {
    for (size_t i = 0; i < count; ++i) {
      const double at_i = scale[i] * row.features[i] / row.value;
      sums[i] += at_i;
      for (size_t k = 0; k < count; ++k) products[i * count + k] += at_i * scale[k] * row.features[k] / row.value;
    }
  }
  std::vector<double> shares(count, 0.0);
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    double change = 0;
    for (size_t i = 0; i < count; ++i) {
      if (scale[i] == 0) continue;
      double rest = sums[i];
      for (size_t k = 0; k < count; ++k) rest -= products[i * count + k] * shares[k];
      const double next = std::max(0.0, shares[i] + rest / products[i * count + i]);
      change = std::max(change, std::abs(next - shares[i]));
      shares[i] = next;
    }
    if (change < kEnough) break;
  }
  for (size_t i = 0; i < count; ++i) shares[i] *= scale[i];
  return shares;
}

double ValueOf(const FitRow& row, const std::vector<double>& coefficients) {
  double value = 0;
  for (size_t i = 0; i < coefficients.size(); ++i) value += coefficients[i] * row.features[i];
  return value;
}

// Squares of relative errors favour values that are too small: in all they are to be those of the rows.
std::vector<double> WithSumOf(const std::vector<FitRow>& rows, std::vector<double> coefficients) {
  double wanted = 0, found = 0;
  for (const FitRow& row : rows) {
    wanted += row.value;
    found += ValueOf(row, coefficients);
  }
  for (double& coefficient : coefficients) coefficient *= wanted / found;
  return coefficients;
}

}  // namespace

std::vector<double> FitNonnegative(const std::vector<FitRow>& rows) {
  const std::vector<double> first = Fit(rows);
  std::vector<double> errors;
  for (const FitRow& row : rows) errors.push_back(std::abs(ValueOf(row, first) / row.value - 1));
  std::vector<double> sorted = errors;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  const double most = kFarOff * std::max(*middle, kLeastError);
  std::vector<FitRow> kept;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (errors[i] <= most) kept.push_back(rows[i]);
  }
  return kept.size() == rows.size() || kept.empty() ? WithSumOf(rows, first) : WithSumOf(kept, Fit(kept));
}

}  // namespace deepmad::mad
