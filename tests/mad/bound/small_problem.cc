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

}  // namespace

DesignProblem MakeSmallProblem(base::Random& random) {
  static const std::vector<std::string> types = RepeatingTypes();
  DesignProblem problem;
  const std::vector<std::string> formulations = FormulationNames();
  problem.formulation =
      &FindFormulation(formulations[static_cast<size_t>(random.UniformInt(0, static_cast<int64_t>(formulations.size()) - 1))], "");
  problem.input = {3, 32, 32, 1};
  problem.head.classes = 10;
  problem.stem.out_channels = Some(random, 1, 2);
  problem.rules.non_decreasing_width = random.Bernoulli(0.7);
  problem.rules.out_over_in_max = random.Bernoulli(0.7) ? 2 : 0;
  problem.rules.bottleneck_over_out_min = random.Uniform(0.1, 0.6);
  problem.rules.bottleneck_over_out_max = random.Uniform(1.0, 3.0);
  const int stages = static_cast<int>(random.UniformInt(1, 3));
  int score_stages = 1;
  for (int i = 0; i < stages; ++i) {
    StageVariables stage;
    stage.type = types[static_cast<size_t>(random.UniformInt(0, static_cast<int64_t>(types.size()) - 1))];
    stage.stride = static_cast<int>(random.UniformInt(1, 2));
    score_stages += stage.stride - 1;
    stage.kernels = random.Bernoulli(0.5) ? std::vector<KernelChoice>{3, 5} : std::vector<KernelChoice>{3};
    stage.depth = {1, stages == 3 ? 2 : 4};
    stage.out_channels = Some(random, 1 + 2 * i, 4);
    if (FindBlockType(stage.type).traits.has_bottleneck) stage.bottleneck_channels = Some(random, 1, 5);
    problem.stages.push_back(stage);
  }
  if (random.Bernoulli(0.3)) problem.tail = BlockSpec{.kernel = 1, .out_channels = 96};
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
  candidate.stages.resize(problem.stages.size());
  const std::function<void(size_t)> extend = [&](size_t i) {
    if (i == problem.stages.size()) {
      if (IsAdmitted(problem, candidate)) visit(candidate);
      return;
    }
    const StageVariables& stage = problem.stages[i];
    for (const auto& kernel : stage.kernels) {
      for (int depth = stage.depth.low; depth <= stage.depth.high; ++depth) {
        for (int out = stage.out_channels.low; out <= stage.out_channels.high; out += problem.channel_multiple) {
          for (int m = stage.bottleneck_channels.low; m <= stage.bottleneck_channels.high; m += problem.channel_multiple) {
            candidate.stages[i] = {kernel, depth, out, m};
            extend(i + 1);
          }
        }
      }
    }
  };
  for (int stem = problem.stem.out_channels.low; stem <= problem.stem.out_channels.high; stem += problem.channel_multiple) {
    candidate.stem_channels = stem;
    extend(0);
  }
}

std::optional<Candidate> DrawCandidate(const DesignProblem& problem, base::Random& random) {
  const auto draw = [&](const Range& range, int multiple) {
    return range.low + multiple * static_cast<int>(random.UniformInt(0, (range.high - range.low) / multiple));
  };
  for (int attempt = 0; attempt < 100; ++attempt) {
    std::vector<double> widths{static_cast<double>(draw(problem.stem.out_channels, problem.channel_multiple))}, bottlenecks, depths;
    decltype(problem.stages[0].kernels) kernels;
    for (const StageVariables& stage : problem.stages) {
      widths.push_back(draw(stage.out_channels, problem.channel_multiple));
      bottlenecks.push_back(draw(stage.bottleneck_channels, problem.channel_multiple));
      depths.push_back(draw({stage.depth.low, std::min(stage.depth.high, stage.depth.low + 30)}, 1));
      kernels.push_back(stage.kernels[static_cast<size_t>(random.UniformInt(0, static_cast<int64_t>(stage.kernels.size()) - 1))]);
    }
    const Candidate candidate = RoundToAdmitted(problem, widths, bottlenecks, depths, kernels);
    if (IsAdmitted(problem, candidate)) return candidate;
  }
  return std::nullopt;
}

}  // namespace deepmad::mad
