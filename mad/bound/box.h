// A box of structures: the part of a design problem that a node of the branch and bound stands for.
#pragma once

#include <cstdint>
#include <vector>

#include "mad/problem/problem.h"

namespace deepmad::mad {

struct Box {
  static constexpr size_t kMaxKernels = 63;  // choices of a stage that `kernels` can tell apart
  std::vector<Range> widths;                 // stem first, then a stage each
  std::vector<Range> bottlenecks;            // a stage each; {0, 0} for a type without
  std::vector<Range> depths;                 // a stage each
  std::vector<uint64_t> kernels;             // a stage each: bit i stands for the stage's kernels[i]

  bool IsSingle() const;  // holds one structure
  bool Contains(const DesignProblem& problem, const Candidate& candidate) const;
};

// All structures of a problem with tight ranges (mad/problem/feasibility.h).
Box FullBox(const DesignProblem& problem);

// Requires IsSingle().
Candidate OnlyCandidate(const DesignProblem& problem, const Box& box);

}  // namespace deepmad::mad
