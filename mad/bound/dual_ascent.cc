#include "mad/bound/dual_ascent.h"

#include <algorithm>
#include <cmath>

#include "mad/bound/projection.h"

namespace deepmad::mad {
namespace {

constexpr int kMaxEvaluations = 30;
constexpr int kMaxLevels = 6;

}  // namespace

DualResult LowerBound(Lagrangian& lagrangian, std::vector<double> multipliers, const Tangents& tangents, double target,
                      const std::function<void(const Maximiser&)>& seen) {
  DualResult result;
  std::vector<HalfSpace> planes;  // bound(x) >= normal . x - limit
  std::vector<HalfSpace> level_sets;
  std::vector<std::pair<double, Maximiser>> evaluated;
  const auto evaluate = [&](const std::vector<double>& at) {
    Maximiser maximiser;
    const double bound = lagrangian.Evaluate(at, tangents, &maximiser);
    if (evaluated.empty() || bound < result.bound) {
      result.bound = bound;
      result.multipliers = at;
    }
    if (std::isfinite(bound)) {
      seen(maximiser);
      planes.push_back({maximiser.slack, -bound});
      for (size_t i = 0; i < at.size(); ++i) planes.back().limit += maximiser.slack[i] * at[i];
      evaluated.emplace_back(bound, std::move(maximiser));
    }
    return std::isfinite(bound);
  };

  bool more = evaluate(multipliers);
  double level = target;
  int levels = 0;
  while (more && result.bound > target && evaluated.size() < kMaxEvaluations && lagrangian.multipliers() > 0) {
    std::vector<double> next;
    level_sets = planes;
    for (HalfSpace& set : level_sets) set.limit += level;
    if (Project(level_sets, result.multipliers, next)) {
      const double before = result.bound;
      more = evaluate(next);
      if (levels > 0 && before - result.bound < 0.01 * (before - level)) ++levels;
    } else {
      level = (level + result.bound) / 2;
      ++levels;
    }
    if (levels > kMaxLevels) break;
  }
  std::stable_sort(evaluated.begin(), evaluated.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [bound, maximiser] : evaluated) result.maximisers.push_back(std::move(maximiser));
  return result;
}

}  // namespace deepmad::mad
