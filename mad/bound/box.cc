#include "mad/bound/box.h"

#include <algorithm>
#include <bit>

namespace deepmad::mad {

bool Box::IsSingle() const {
  const auto single = [](const Range& range) { return range.low == range.high; };
  return std::all_of(widths.begin(), widths.end(), single) && std::all_of(bottlenecks.begin(), bottlenecks.end(), single) &&
         std::all_of(depths.begin(), depths.end(), single) &&
         std::all_of(kernels.begin(), kernels.end(), [](uint64_t mask) { return std::has_single_bit(mask); });
}

bool Box::Contains(const DesignProblem& problem, const Candidate& candidate) const {
  if (!widths[0].Contains(candidate.stem_channels)) return false;
  for (size_t i = 0; i < depths.size(); ++i) {
    const StageChoice& choice = candidate.stages[i];
    const auto& offered = problem.stages[i].kernels;
    const auto kernel = std::find(offered.begin(), offered.end(), choice.kernel) - offered.begin();
    if (!widths[i + 1].Contains(choice.out_channels) || !bottlenecks[i].Contains(choice.bottleneck_channels) ||
        !depths[i].Contains(choice.depth) || !(kernels[i] >> kernel & 1)) {
      return false;
    }
  }
  return true;
}

Box FullBox(const DesignProblem& problem) {
  Box box;
  box.widths.push_back(problem.stem.out_channels);
  for (const StageVariables& stage : problem.stages) {
    box.widths.push_back(stage.out_channels);
    box.bottlenecks.push_back(stage.bottleneck_channels);
    box.depths.push_back(stage.depth);
    box.kernels.push_back((uint64_t{1} << stage.kernels.size()) - 1);
  }
  return box;
}

Candidate OnlyCandidate(const DesignProblem& problem, const Box& box) {
  Candidate candidate{box.widths[0].low, {}};
  for (size_t i = 0; i < box.depths.size(); ++i) {
    StageChoice choice;
    choice.kernel = problem.stages[i].kernels[static_cast<size_t>(std::countr_zero(box.kernels[i]))];
    choice.depth = box.depths[i].low;
    choice.out_channels = box.widths[i + 1].low;
    choice.bottleneck_channels = box.bottlenecks[i].low;
    candidate.stages.push_back(choice);
  }
  return candidate;
}

}  // namespace deepmad::mad
