// Structures to hold a design against: drawn at random within the same budgets, and the shapes people build by hand at the same cost.
#pragma once

#include <cstdint>

#include "mad/problem.h"

namespace deepmad::mad {

struct StructureCost {
  double flops = 0;   // as the problem's budget measures them
  double params = 0;  // the same
};

// A structure that the problem's rules, ranges and budgets admit and that uses at least `fill` of its FLOPs: front to back, widths and
// bottlenecks log-uniform in what the rules leave, depths and kernels uniform, drawn anew until one fits. A function of seed and index.
// Requires a FLOPs budget where `fill` is above 0. InfeasibleError where none of 200,000 draws fits.
NetworkSpec RandomStructure(const DesignProblem& problem, uint64_t seed, uint64_t index, double fill);

// ResNet's proportions (He et al., arXiv 1512.03385) around the problem's stem, strides, tail and head: `basic` blocks of 3x3 kernels,
// widths that double at each stride, depths that differ at most by a factor of 2. Of these the one whose FLOPs and parameters are closest
// to `cost` (smallest sum of the distances between their logarithms), with neither above it by more than a twentieth. InfeasibleError where
// all are.
NetworkSpec ResNetLike(const DesignProblem& problem, const StructureCost& cost);

// A given network with all its widths multiplied by one factor, the largest with which neither FLOPs nor parameters are above `cost`;
// widths stay multiples of the problem's, at least one. InfeasibleError where the narrowest is above it.
NetworkSpec Scaled(const DesignProblem& problem, const NetworkSpec& network, const StructureCost& cost);

}  // namespace deepmad::mad
