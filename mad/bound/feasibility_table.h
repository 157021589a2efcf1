// The rules of mad/problem/feasibility.h, tabulated over the grid of widths, so that the bound and the searches admit exactly the same
// structures.
#pragma once

#include <vector>

#include "mad/problem/problem.h"

namespace deepmad::mad {

class RuleTable {
 public:
  // Requires tight ranges (mad/problem/feasibility.h).
  explicit RuleTable(const DesignProblem& problem);

  // Numbers of input channels that admit `out`, and the bottlenecks that `out` admits; empty (low > high) where there is none.
  // `out` is on the block's grid; the block is not the first one, whose input is the network's.
  const Range& Inputs(size_t block, int out) const { return inputs_[block][Index(block, out)]; }
  const Range& Bottlenecks(size_t block, int out) const { return bottlenecks_[block][Index(block, out)]; }

 private:
  size_t Index(size_t block, int out) const { return static_cast<size_t>((out - first_[block]) / multiple_); }

  int multiple_;
  std::vector<int> first_;
  std::vector<std::vector<Range>> inputs_, bottlenecks_;
};

}  // namespace deepmad::mad
