// Children as the published evolutionary search makes them (alibaba/lightweight-neural-architecture-search, tinynas/spaces): two mutations
// of one block each. What it calls the bounds of a width are the problem's ranges and rules; Rules::ratio_rounding `nearest` is its own.
#pragma once

#include "base/random.h"
#include "mad/problem/problem.h"

namespace deepmad::mad {

class ReleasedMutation {
 public:
  // `every_block`: the released code draws the block from a range that excludes the last one, which therefore never changes; true mends it.
  ReleasedMutation(const DesignProblem& problem, bool every_block);

  Candidate Child(const Candidate& parent, base::Random& random) const;

 private:
  enum class Family { kBottleneck, kTwoConvolutions, kDepthwise };  // what its mutation rules distinguish

  void MutateBlock(Candidate& candidate, base::Random& random) const;
  void MutateStem(Candidate& candidate, base::Random& random) const;
  void MutateWidth(size_t block, Candidate& candidate, base::Random& random) const;
  void MutateBottleneck(size_t block, Candidate& candidate, base::Random& random) const;
  void MutateDepth(size_t block, Candidate& candidate, base::Random& random) const;
  int ScaledChannels(int channels, base::Random& random) const;
  int Rounded(double channels) const;  // to a multiple, half to even, at least one
  bool KeepsLayers(const Candidate& candidate) const;

  const DesignProblem& problem_;
  // Of each block.
  std::vector<Family> family_;
  std::vector<int> layers_a_unit_;
  std::vector<int> largest_depth_;
  size_t mutable_blocks_ = 0;  // drawn from the front
};

}  // namespace deepmad::mad
