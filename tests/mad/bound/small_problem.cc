#include "tests/mad/bound/small_problem.h"

#include <algorithm>
#include <functional>

#include "mad/latency/latency_model.h"
#include "mad/problem/feasibility.h"
#include "tests/mad/made_latency_table.h"

namespace deepmad::mad {
namespace {

Range Some(base::Random& random, int lowest, int values) {
  const int low = lowest + static_cast<int>(random.UniformInt(0, 3));
  return {8 * low, 8 * (low + values - 1)};
}

std::vector<std::string> RepeatingTypes() {
  std::vector<std::string> types;
  for (const std::string& name : BlockRegistry::Get().Names()) {
    const BlockTraits& traits = FindBlockType(name).traits;
    if (traits.repeats && !traits.has_time) types.push_back(name);
  }
  return types;
}

// A stem or a tail.
BlockVariables ConvBlock(int kernel, int stride, const Range& out_channels) {
  BlockVariables block;
  block.is_stage = false;
  block.type = "conv";
  block.kernels = {kernel};
  block.stride = stride;
  block.out_channels = out_channels;
  return block;
}

}  // namespace

DesignProblem MakeSmallProblem(base::Random& random) {
  static const std::vector<std::string> types = RepeatingTypes();
  DesignProblem problem;
  const std::vector<std::string> formulations = FormulationNames();
  problem.formulation =
      &FindFormulation(formulations[static_cast<size_t>(random.UniformInt(0, static_cast<int64_t>(formulations.size()) - 1))], "");
  problem.input = {3, 32, 32, 1};
  problem.head.classes = 10;
  problem.blocks.push_back(ConvBlock(3, 2, Some(random, 1, 2)));
  problem.rules.non_decreasing_width = random.Bernoulli(0.7);
  problem.rules.out_over_in_max = random.Bernoulli(0.7) ? 2 : 0;
  problem.rules.bottleneck_over_out_min = random.Uniform(0.1, 0.6);
  problem.rules.bottleneck_over_out_max = random.Uniform(1.0, 3.0);
  const int stages = static_cast<int>(random.UniformInt(1, 3));
  int score_stages = 1;
  for (int i = 0; i < stages; ++i) {
    BlockVariables stage;
    stage.type = types[static_cast<size_t>(random.UniformInt(0, static_cast<int64_t>(types.size()) - 1))];
    stage.stride = static_cast<int>(random.UniformInt(1, 2));
    score_stages += stage.stride - 1;
    stage.kernels = random.Bernoulli(0.5) ? std::vector<KernelChoice>{3, 5} : std::vector<KernelChoice>{3};
    stage.depth = {1, stages == 3 ? 2 : 4};
    stage.out_channels = Some(random, 1 + 2 * i, 4);
    if (FindBlockType(stage.type).traits.has_bottleneck) stage.bottleneck_channels = Some(random, 1, 5);
    problem.blocks.push_back(stage);
  }
  if (random.Bernoulli(0.3)) problem.blocks.push_back(ConvBlock(1, 1, {96, 96}));
  problem.objective = DefaultObjective(*problem.formulation, score_stages);
  problem.objective.depth_term = static_cast<DepthTerm>(random.UniformInt(0, 2));
  problem.budgets.flops_convention = problem.formulation->flops_convention;
  static const auto latency = std::make_shared<const LatencyModel>(MadeLatencyTable(), "float32", 1, "");
  problem.budgets.latency_model = latency;
  problem.budgets.memory_batch = 4;
  problem = WithTightRanges(problem);
  const std::optional<Candidate> middle = DrawCandidate(problem, random);
  if (!middle) return problem;
  const Measures measures = Evaluator(problem).Evaluate(*middle);
  for (const Budget budget : kEveryBudget) {
    if (random.Bernoulli(0.5)) problem.budgets.*kBudgetInfos[budget].limit = measures.Used(budget) * random.Uniform(1.0, 1.3);
  }
  return problem;
}

void VisitAll(const DesignProblem& problem, const std::function<void(const Candidate&)>& visit) {
  Candidate candidate;
  candidate.blocks.resize(problem.blocks.size());
  const std::function<void(size_t)> extend = [&](size_t i) {
    if (i == problem.blocks.size()) {
      if (IsAdmitted(problem, candidate)) visit(candidate);
      return;
    }
    const BlockVariables& block = problem.blocks[i];
    for (const auto& kernel : block.kernels) {
      for (int depth = block.depth.low; depth <= block.depth.high; ++depth) {
        for (int out = block.out_channels.low; out <= block.out_channels.high; out += problem.channel_multiple) {
          for (int m = block.bottleneck_channels.low; m <= block.bottleneck_channels.high; m += problem.channel_multiple) {
            candidate.blocks[i] = {kernel, depth, out, m};
            extend(i + 1);
          }
        }
      }
    }
  };
  extend(0);
}

std::optional<Candidate> DrawCandidate(const DesignProblem& problem, base::Random& random) {
  const auto draw = [&](const Range& range, int multiple) {
    return range.low + multiple * static_cast<int>(random.UniformInt(0, (range.high - range.low) / multiple));
  };
  for (int attempt = 0; attempt < 100; ++attempt) {
    std::vector<double> widths, bottlenecks, depths;
    std::vector<KernelChoice> kernels;
    for (const BlockVariables& block : problem.blocks) {
      widths.push_back(draw(block.out_channels, problem.channel_multiple));
      bottlenecks.push_back(draw(block.bottleneck_channels, problem.channel_multiple));
      depths.push_back(draw({block.depth.low, std::min(block.depth.high, block.depth.low + 30)}, 1));
      kernels.push_back(block.kernels[static_cast<size_t>(random.UniformInt(0, static_cast<int64_t>(block.kernels.size()) - 1))]);
    }
    const Candidate candidate = RoundToAdmitted(problem, widths, bottlenecks, depths, kernels);
    if (IsAdmitted(problem, candidate)) return candidate;
  }
  return std::nullopt;
}

}  // namespace deepmad::mad
