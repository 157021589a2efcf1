#include "mad/bound/feasibility_table.h"

#include <algorithm>

#include "mad/problem/feasibility.h"

namespace deepmad::mad {

RuleTable::RuleTable(const DesignProblem& problem) : multiple_(problem.channel_multiple) {
  const size_t blocks = problem.blocks.size();
  first_.resize(blocks);
  inputs_.resize(blocks);
  bottlenecks_.resize(blocks);
  for (size_t i = 1; i < blocks; ++i) {
    const BlockVariables& block = problem.blocks[i];
    const Range& outs = block.out_channels;
    first_[i] = outs.low;
    for (int out = outs.low; out <= outs.high; out += multiple_) {
      inputs_[i].push_back({1, 0});
      bottlenecks_[i].push_back(block.bottleneck_channels.high > 0 ? AdmittedBottlenecks(problem, block, out) : Range{0, 0});
    }
    const Range& ins = problem.blocks[i - 1].out_channels;
    for (int in = ins.low; in <= ins.high; in += multiple_) {
      const Range admitted = AdmittedOutputs(problem, block, in);
      for (int out = std::max(admitted.low, outs.low); out <= std::min(admitted.high, outs.high); out += multiple_) {
        Range& inputs_of = inputs_[i][static_cast<size_t>((out - outs.low) / multiple_)];
        inputs_of = inputs_of.low > inputs_of.high ? Range{in, in} : Range{inputs_of.low, in};
      }
    }
  }
}

}  // namespace deepmad::mad
