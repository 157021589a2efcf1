#include "mad/evaluator.h"

#include <algorithm>
#include <cmath>

#include "mad/admitted.h"
#include "mad/cost.h"

namespace deepmad::mad {
namespace {

constexpr size_t kMaxRemembered = 1 << 17;  // blocks a stage; far more than a search around one optimum meets

double Excess(double used, const std::optional<double>& limit) { return limit && used > *limit ? used / *limit - 1 : 0; }

}  // namespace

Evaluator::Evaluator(const DesignProblem& problem) : problem_(problem), known_(problem.stages.size() + 2) {
  const NetworkSpec shape = ToNetwork(problem, SmallestCandidate(problem));
  layout_ = MakeScoreLayout(shape, *problem.formulation);
  MapSizes maps = InputSizes(problem.input);
  for (const BlockSpec& block : shape.blocks) {
    in_maps_.push_back(maps);
    maps.Shrink(Square(block.stride));
  }
  if (problem.budgets.effectiveness) log_effectiveness_limit_ = std::log(*problem.budgets.effectiveness);
}

double Evaluator::Log(int value) {
  const size_t index = static_cast<size_t>(value);
  if (index >= log_.size()) {
    const size_t size = std::max(index + 1, 2 * log_.size());
    for (size_t i = log_.size(); i < size; ++i) log_.push_back(std::log(static_cast<double>(i)));
  }
  return log_[index];
}

Evaluator::UnitNumbers Evaluator::Select(const UnitCount<double>& count) const {
  const bool macs = problem_.budgets.flops_convention == FlopsConvention::kMacs;
  return {macs ? count.macs : count.reference_flops, count.params, count.log_width, static_cast<double>(count.layers)};
}

const Evaluator::BlockNumbers& Evaluator::Numbers(size_t block, int in_channels, const StageChoice& choice) {
  const uint64_t key = static_cast<uint64_t>(in_channels) << 42 | static_cast<uint64_t>(choice.out_channels) << 24 |
                       static_cast<uint64_t>(choice.bottleneck_channels) << 6 | static_cast<uint64_t>(choice.kernel);
  auto& known = known_[block];
  const auto found = known.find(key);
  if (found != known.end()) return found->second;
  if (known.size() >= kMaxRemembered) known.clear();

  const bool is_stem = block == 0;
  const bool is_tail = block == problem_.stages.size() + 1;
  const std::string& type_name = is_stem ? BlockSpec{}.type : is_tail ? problem_.tail->type : problem_.stages[block - 1].type;
  const BlockType& type = FindBlockType(type_name);
  const int stride = is_stem ? problem_.stem.stride : is_tail ? problem_.tail->stride : problem_.stages[block - 1].stride;
  const BlockPlace place{&type, choice.kernel, stride, in_channels != choice.out_channels, type.traits.activation, in_maps_[block]};
  const BlockDims<double> dims{static_cast<double>(in_channels), static_cast<double>(choice.out_channels),
                               static_cast<double>(choice.bottleneck_channels), 1};
  MapSizes maps = place.in_maps;
  BlockNumbers numbers{};
  numbers.first = Select(CountFirstUnit(place, dims, maps));
  if (type.traits.repeats) numbers.other = Select(CountOtherUnit(place, dims, maps));
  return known.emplace(key, numbers).first->second;
}

Measures Evaluator::Evaluate(const Candidate& candidate) {
  ++evaluations_;
  Measures measures;
  const Formulation& formulation = *problem_.formulation;
  const size_t blocks = layout_.stage.size();
  measures.log_effectiveness = -1e300;
  double log_width = 0, depth_sum = 0, depth_square_sum = 0, depth_count = 0;
  int in_channels = problem_.input.channels;
  for (size_t i = 0; i < blocks; ++i) {
    StageChoice choice;
    if (i == 0) {
      choice = {problem_.stem.kernel, 1, candidate.stem_channels, 0};
    } else if (i <= candidate.stages.size()) {
      choice = candidate.stages[i - 1];
    } else {
      choice = {problem_.tail->kernel, 1, problem_.tail->out_channels, 0};
    }
    const BlockNumbers& numbers = Numbers(i, in_channels, choice);
    const double others = choice.depth - 1;
    measures.flops += numbers.first.flops + others * numbers.other.flops;
    measures.params += numbers.first.params + others * numbers.other.params;
    measures.layers += numbers.first.layers + others * numbers.other.layers;
    log_width += numbers.first.log_width + others * numbers.other.log_width;
    if (layout_.in_penalty[i]) {
      depth_sum += choice.depth;
      depth_square_sum += static_cast<double>(choice.depth) * choice.depth;
      depth_count += 1;
    }
    in_channels = choice.out_channels;
    if (i + 1 == blocks || layout_.stage[i + 1] != layout_.stage[i]) {
      const double weight = problem_.objective.stage_weights[static_cast<size_t>(layout_.stage[i])];
      measures.objective += weight * formulation.entropy_factor * log_width * (Log(in_channels) + layout_.log_map_area[i]);
      const double log_rho = Log(static_cast<int>(measures.layers)) - log_width / measures.layers;
      measures.log_effectiveness = std::max(measures.log_effectiveness, log_rho);
    }
  }
  if (problem_.objective.depth_term != DepthTerm::kNone && depth_count > 0) {
    const double mean = depth_sum / depth_count;
    const double variance = std::max(0.0, depth_square_sum / depth_count - mean * mean);
    const bool std_form = problem_.objective.depth_term == DepthTerm::kExpStd;
    measures.objective -= problem_.objective.depth_penalty * std::exp(std_form ? std::sqrt(variance) : variance);
  }
  if (formulation.params_with_head) measures.params += HeadParams(in_channels, problem_.head);
  if (problem_.budgets.flops_convention == FlopsConvention::kMacs) measures.flops += HeadMacs(in_channels, problem_.head);

  const Budgets& budgets = problem_.budgets;
  measures.excess =
      Excess(measures.flops, budgets.flops) + Excess(measures.params, budgets.params) + Excess(measures.layers, budgets.layers);
  if (budgets.effectiveness) measures.excess += std::max(0.0, measures.log_effectiveness - log_effectiveness_limit_);
  return measures;
}

}  // namespace deepmad::mad
