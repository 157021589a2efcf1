// Baselines for a design: random structures within the same budgets, and hand-made shapes of the same cost.
#pragma once

#include <cstdint>

#include "mad/problem/problem.h"

namespace deepmad::mad {

struct StructureCost {
  double flops = 0;   // as measured by the problem's FLOPs budget
  double params = 0;  // as measured by the problem's parameter budget
};

// Returns a random structure within the problem's rules, ranges and budgets that uses at least `fill` of the FLOPs budget. Draws front to
// back (widths and bottlenecks log-uniform, depths and kernels uniform) until one fits. A pure function of seed and index. Throws
// InfeasibleError if none of 200,000 draws fits. REQUIRES: the problem has a FLOPs budget if `fill` > 0.
NetworkSpec RandomStructure(const DesignProblem& problem, uint64_t seed, uint64_t index, double fill);

// Returns a structure in the proportions of ResNet (He et al., arXiv 1512.03385) with the problem's stem, strides, tail and head: `basic`
// blocks with 3x3 kernels, widths that double at each stride, depths that differ by at most a factor of 2. Chooses the one closest to
// `cost` (smallest sum of log distances of FLOPs and parameters) that exceeds neither by more than 5 %. Throws InfeasibleError if there is
// none.
NetworkSpec ResNetLike(const DesignProblem& problem, const StructureCost& cost);

// Returns `network` with all widths multiplied by the largest factor that keeps FLOPs and parameters within `cost`. Widths stay multiples
// of the problem's, at least one multiple. Throws InfeasibleError if even the narrowest network exceeds `cost`.
NetworkSpec Scaled(const DesignProblem& problem, const NetworkSpec& network, const StructureCost& cost);

}  // namespace deepmad::mad
