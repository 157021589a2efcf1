#include "mad/bound/box.h"

#include <algorithm>
#include <bit>

namespace deepmad::mad {

bool Box::IsSingle() const {
  const auto single = [](const Range& range) { return range.low == range.high; };
  return std::ranges::all_of(blocks, [&](const BlockBox& block) {
    return single(block.width) && single(block.bottleneck) && single(block.depth) && std::has_single_bit(block.kernels);
  });
}

bool Box::Contains(const DesignProblem& problem, const Candidate& candidate) const {
  for (size_t i = 0; i < blocks.size(); ++i) {
    const BlockBox& block = blocks[i];
    const BlockChoice& choice = candidate.blocks[i];
    const auto& offered = problem.blocks[i].kernels;
    const auto kernel = std::find(offered.begin(), offered.end(), choice.kernel) - offered.begin();
    if (!block.width.Contains(choice.out_channels) || !block.bottleneck.Contains(choice.bottleneck_channels) ||
        !block.depth.Contains(choice.depth) || !(block.kernels >> kernel & 1)) {
      return false;
    }
  }
  return true;
}

Box FullBox(const DesignProblem& problem) {
  Box box;
  for (const BlockVariables& block : problem.blocks) {
    box.blocks.push_back({block.out_channels, block.bottleneck_channels, block.depth, (uint64_t{1} << block.kernels.size()) - 1});
  }
  return box;
}

Candidate OnlyCandidate(const DesignProblem& problem, const Box& box) {
  Candidate candidate;
  for (size_t i = 0; i < box.blocks.size(); ++i) {
    const BlockBox& block = box.blocks[i];
    const KernelChoice& kernel = problem.blocks[i].kernels[static_cast<size_t>(std::countr_zero(block.kernels))];
    candidate.blocks.push_back({kernel, block.depth.low, block.width.low, block.bottleneck.low});
  }
  return candidate;
}

}  // namespace deepmad::mad
