#include "mad/bound/projection.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace deepmad::mad {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kParallel = 1e-12;  // of a squared normal
constexpr double kViolated = 1e-9;   // relative to the limit

double Dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// Solves the normal equations of the active normals for the coefficients of `target`: Gaussian elimination, a few unknowns.
std::vector<double> Coefficients(const std::vector<std::vector<double>>& active, const std::vector<double>& target) {
  const size_t n = active.size();
  std::vector<std::vector<double>> matrix(n, std::vector<double>(n + 1));
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k < n; ++k) matrix[i][k] = Dot(active[i], active[k]);
    matrix[i][n] = Dot(active[i], target);
  }
  for (size_t column = 0; column < n; ++column) {
    size_t pivot = column;
    for (size_t row = column + 1; row < n; ++row) {
      if (std::abs(matrix[row][column]) > std::abs(matrix[pivot][column])) pivot = row;
    }
    std::swap(matrix[column], matrix[pivot]);
    if (matrix[column][column] == 0) continue;
    for (size_t row = 0; row < n; ++row) {
      if (row == column) continue;
      const double factor = matrix[row][column] / matrix[column][column];
      for (size_t k = column; k <= n; ++k) matrix[row][k] -= factor * matrix[column][k];
    }
  }
  std::vector<double> result(n);
  for (size_t i = 0; i < n; ++i) result[i] = matrix[i][i] == 0 ? 0 : matrix[i][n] / matrix[i][i];
  return result;
}

}  // namespace

bool Project(const std::vector<HalfSpace>& half_spaces, const std::vector<double>& from, std::vector<double>& x) {
  const size_t dimensions = from.size();
  const size_t count = half_spaces.size() + dimensions;
  // Constraint c as inward normal . x >= limit.
  const auto normal = [&](size_t c) {
    std::vector<double> result(dimensions, 0.0);
    if (c < dimensions) {
      result[c] = 1;
    } else {
      for (size_t i = 0; i < dimensions; ++i) result[i] = -half_spaces[c - dimensions].normal[i];
    }
    return result;
  };
  const auto violation = [&](size_t c) {
    if (c < dimensions) return -x[c];
    const HalfSpace& space = half_spaces[c - dimensions];
    return Dot(space.normal, x) - space.limit;
  };
  const auto tolerance = [&](size_t c) {
    return c < dimensions ? kViolated : kViolated * (1 + std::abs(half_spaces[c - dimensions].limit));
  };

  x = from;
  std::vector<std::vector<double>> active;
  std::vector<size_t> names;
  std::vector<double> pushes;
  for (size_t round = 0; round < 10 * count; ++round) {
    size_t worst = count;
    double most = 1;
    for (size_t c = 0; c < count; ++c) {
      const double relative = violation(c) / tolerance(c);
      if (relative > most && std::find(names.begin(), names.end(), c) == names.end()) {
        most = relative;
        worst = c;
      }
    }
    if (worst == count) {
      for (double& value : x) value = std::max(0.0, value);
      return true;
    }
    const std::vector<double> entering = normal(worst);
    const double size = Dot(entering, entering);
    if (size == 0) return false;
    double push = 0;
    for (;;) {
      const std::vector<double> along = Coefficients(active, entering);
      std::vector<double> free = entering;
      for (size_t a = 0; a < active.size(); ++a) {
        for (size_t i = 0; i < dimensions; ++i) free[i] -= along[a] * active[a][i];
      }
      size_t leaving = active.size();
      double until_leaving = kInfinity;
      for (size_t a = 0; a < active.size(); ++a) {
        if (along[a] > 0 && pushes[a] / along[a] < until_leaving) {
          until_leaving = pushes[a] / along[a];
          leaving = a;
        }
      }
      const double progress = Dot(free, entering);
      const double until_met = progress > kParallel * size ? violation(worst) / progress : kInfinity;
      const double step = std::min(until_leaving, until_met);
      if (std::isinf(step)) return false;
      if (!std::isinf(until_met)) {
        for (size_t i = 0; i < dimensions; ++i) x[i] += step * free[i];
      }
      for (size_t a = 0; a < active.size(); ++a) pushes[a] -= step * along[a];
      push += step;
      if (until_met <= until_leaving) break;
      active.erase(active.begin() + static_cast<std::ptrdiff_t>(leaving));
      names.erase(names.begin() + static_cast<std::ptrdiff_t>(leaving));
      pushes.erase(pushes.begin() + static_cast<std::ptrdiff_t>(leaving));
    }
    active.push_back(entering);
    names.push_back(worst);
    pushes.push_back(push);
  }
  return false;
}

}  // namespace deepmad::mad
