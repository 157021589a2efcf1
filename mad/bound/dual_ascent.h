// Searches good multipliers for one box: the bound is convex in them, and each evaluation gives a plane below it.
#pragma once

#include <functional>
#include <vector>

#include "mad/bound/lagrangian.h"

namespace deepmad::mad {

struct DualResult {
  double bound = 0;                   // the lowest found
  std::vector<double> multipliers;    // where
  std::vector<Maximiser> maximisers;  // of the evaluations near the lowest bound, the lowest first
};

// Lowers the bound of the box that `lagrangian` has entered, from `multipliers`, until it is below `target` or no more is to be had.
// `seen` is called with each maximiser.
DualResult LowerBound(Lagrangian& lagrangian, std::vector<double> multipliers, const Tangents& tangents, double target,
                      const std::function<void(const Maximiser&)>& seen);

}  // namespace deepmad::mad
