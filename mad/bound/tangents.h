// The tangents that stand for the problem's two convex terms: the depth penalty as a function of all depths, and L ln(L / rho) of the
// effectiveness bound as a function of the network's layers L. Every tangent is below its function everywhere, so any point is valid.
#pragma once

#include <vector>

#include "mad/bound/box.h"
#include "mad/objective/formulation.h"

namespace deepmad::mad {

struct Tangents {
  std::vector<double> depths;  // a block each
  double layers = 1;
};

class DepthPenaltyTangent {
 public:
  DepthPenaltyTangent(const Objective& objective, const ScoreLayout& layout);

  // penalty(depths) >= constant + sum of slope * depth for all depths; `slopes` are a block each. The penalty is finite at `at`.
  double At(const std::vector<double>& at, std::vector<double>& slopes) const;

  // At least the penalty of any depths of the box.
  double Largest(const Box& box) const;

  // A point of the box near `wanted` whose tangent is of use: where the depths are so far apart that the penalty would outweigh
  // `objective`, it lies towards the box's point of least penalty, from where the penalty only rises.
  std::vector<double> Fit(const Box& box, const std::vector<double>& wanted, double objective) const;

 private:
  double Deviation(const std::vector<double>& depths) const;
  std::vector<double> Flattest(const Box& box) const;

  const Objective& objective_;
  const ScoreLayout& layout_;
  int counted_ = 0;      // blocks whose depth counts; 0 where the penalty is the same for all structures
  double constant_ = 0;  // the penalty then
};

}  // namespace deepmad::mad
