// Shapes that people made by hand, at the budgets of a problem: what a design has to beat.
#pragma once

#include <string>
#include <vector>

#include "mad/problem/problem.h"

namespace deepmad::mad {

// The names that HandMadeShape knows, in ascending order:
//   convnext      Liu et al., arXiv 2201.03545: widths double at each resolution, rounded to multiples; expansion 4, depths 1:1:3:1
//   mobilenet_v2  Sandler et al., arXiv 1801.04381, table 2: its widths and depths, inverted residuals of one expansion
//   regnet        Radosavovic et al., arXiv 2003.13678, equations 2 to 4: quantised linear widths, bottleneck ratio 1, no groups
//   resnet        He et al., arXiv 1512.03385: widths double at each resolution, `basic` units of 3x3 convolutions
std::vector<std::string> HandMadeShapeNames();

// Returns the shape with the problem's input, stem, resolutions, tail and head that keeps every budget but the effectiveness and fills
// the budgets for FLOPs and parameters best: of all settings of its proportions (base width, depth, expansion, slope) on the grid of
// channel multiples, the one with the smallest sum of log distances to these two budgets, of equal ones the first. The stages of the
// problem give the resolutions only; a shape has its own types and kernels. Throws UsageError for an unknown name or a problem that bounds
// neither FLOPs nor parameters, InfeasibleError if no setting keeps the budgets or
// the problem is 3-D.
NetworkSpec HandMadeShape(const std::string& name, const DesignProblem& problem);

}  // namespace deepmad::mad
