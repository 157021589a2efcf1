// A box of structures: the part of a design problem that a node of the branch and bound stands for.
#pragma once

#include <cstdint>
#include <vector>

#include "mad/problem/problem.h"

namespace deepmad::mad {

// What is left of a block's choices.
struct BlockBox {
  Range width;
  Range bottleneck;  // {0, 0} for a type without
  Range depth;
  uint64_t kernels = 0;  // bit i stands for the block's kernels[i]
};

struct Box {
  static constexpr size_t kMaxKernels = 63;  // choices of a block that BlockBox::kernels can tell apart
  std::vector<BlockBox> blocks;              // those of the problem

  bool IsSingle() const;  // holds one structure
  bool Contains(const DesignProblem& problem, const Candidate& candidate) const;
};

// All structures of a problem with tight ranges (mad/problem/feasibility.h).
Box FullBox(const DesignProblem& problem);

// Requires IsSingle().
Candidate OnlyCandidate(const DesignProblem& problem, const Box& box);

}  // namespace deepmad::mad
