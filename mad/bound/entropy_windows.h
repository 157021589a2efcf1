// The products of the objective, alpha_s * ln(width of the stage's end) * (entropy before its last block), replaced by a bound that splits
// into a term of each factor:
//
//   x U <= c U + (x - c) u + |x - c| D      for all U in [u - D, u + D]
//
// with c the centre of x's range, and [u - D, u + D] from interval arithmetic over the box.
#pragma once

#include <vector>

#include "mad/bound/box.h"
#include "mad/problem/block_polynomials.h"

namespace deepmad::mad {

class EntropyWindows {
 public:
  EntropyWindows(const DesignProblem& problem, const ProblemForms& forms);

  void Set(const Box& box);

  // Factor of a block's entropy in the bound: what its own width adds is left out, since it is known where the block's value is computed
  // (OwnWeight).
  double Weight(size_t block) const { return weight_[block]; }
  // Factor of the block's own entropy beside Weight, at `log_width` = ln of its output channels.
  double OwnWeight(size_t block, double log_width) const { return alpha_[block] * (sum_form_ ? 0 : log_width + log_area_[block]); }
  // What the block's width adds beside the entropies: the cross term, the largest over [log_low, log_high].
  double WidthTerm(size_t block, double log_low, double log_high) const;
  // By how much the bound may exceed the product at most, over the box; 0 where the block ends no stage.
  double Error(size_t block) const { return error_[block]; }

 private:
  double CrossAt(size_t block, double log_width) const;

  const DesignProblem& problem_;
  const ProblemForms& forms_;
  bool sum_form_;              // H = S + ln C instead of S * ln(M^2 C)
  std::vector<double> alpha_;  // of the stage that the block ends; 0 elsewhere
  std::vector<double> log_area_;
  std::vector<double> weight_, centre_, entropy_centre_, entropy_radius_, error_;
};

}  // namespace deepmad::mad
