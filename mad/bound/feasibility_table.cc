#include "mad/bound/feasibility_table.h"

#include <algorithm>

#include "mad/problem/feasibility.h"

namespace deepmad::mad {

RuleTable::RuleTable(const DesignProblem& problem) : multiple_(problem.channel_multiple) {
  Range in_range = problem.stem.out_channels;
  for (const StageVariables& stage : problem.stages) {
    const Range& outs = stage.out_channels;
    std::vector<Range> inputs, bottlenecks;
    for (int out = outs.low; out <= outs.high; out += multiple_) {
      inputs.push_back({1, 0});
      bottlenecks.push_back(stage.bottleneck_channels.high > 0 ? AdmittedBottlenecks(problem, stage, out) : Range{0, 0});
    }
    for (int in = in_range.low; in <= in_range.high; in += multiple_) {
      const Range admitted = AdmittedOutputs(problem, stage, in);
      for (int out = std::max(admitted.low, outs.low); out <= std::min(admitted.high, outs.high); out += multiple_) {
        Range& inputs_of = inputs[static_cast<size_t>((out - outs.low) / multiple_)];
        inputs_of = inputs_of.low > inputs_of.high ? Range{in, in} : Range{inputs_of.low, in};
      }
    }
    first_.push_back(outs.low);
    inputs_.push_back(std::move(inputs));
    bottlenecks_.push_back(std::move(bottlenecks));
    in_range = outs;
  }
}

}  // namespace deepmad::mad
