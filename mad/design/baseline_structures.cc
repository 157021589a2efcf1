#include "mad/design/baseline_structures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "base/random.h"
#include "mad/design/design.h"
#include "mad/problem/feasibility.h"
#include "mad/search/candidate_evaluator.h"

namespace deepmad::mad {
namespace {

constexpr uint64_t kStream = 3;  // of kSearch
constexpr double kOver = 1.05;   // of the cost that a ResNet-like structure may have

int LogUniform(const Range& range, int multiple, base::Random& random) {
  if (range.low == range.high) return range.low;
  const double value = std::exp(random.Uniform(std::log(range.low), std::log(range.high)));
  return std::clamp(static_cast<int>(std::lround(value / multiple)) * multiple, range.low, range.high);
}

// Nothing where a width leaves the next one no value.
std::optional<Candidate> Draw(const DesignProblem& problem, base::Random& random) {
  Candidate candidate;
  int in_channels = problem.input.channels;
  for (const BlockVariables& block : problem.blocks) {
    BlockChoice choice;
    choice.kernel = block.kernels.front();
    if (block.is_stage) {
      choice.kernel = block.kernels[static_cast<size_t>(random.UniformInt(0, static_cast<int64_t>(block.kernels.size()) - 1))];
      choice.depth = static_cast<int>(random.UniformInt(block.depth.low, block.depth.high));
    }
    const Range outputs = AdmittedOutputs(problem, block, in_channels);
    if (outputs.low > outputs.high) return std::nullopt;
    choice.out_channels = in_channels = LogUniform(outputs, problem.channel_multiple, random);
    if (block.bottleneck_channels.high > 0) {
      const Range bottlenecks = AdmittedBottlenecks(problem, block, choice.out_channels);
      if (bottlenecks.low > bottlenecks.high) return std::nullopt;
      choice.bottleneck_channels = LogUniform(bottlenecks, problem.channel_multiple, random);
    }
    candidate.blocks.push_back(choice);
  }
  return candidate;
}

StructureCost CostOf(const DesignProblem& problem, const NetworkSpec& network) {
  const Assessment assessment = Assess(problem, network);
  return {assessment.used[kFlops], assessment.used[kParams]};
}

NetworkSpec WithDepthsAndWidth(const DesignProblem& problem, const std::vector<int>& depths, int width) {
  NetworkSpec network = ToNetwork(problem, SmallestCandidate(problem));
  network.name = "resnet-like";
  network.blocks.front().out_channels = width;
  for (size_t i = 1; i <= problem.Stages(); ++i) {
    BlockSpec block;
    block.type = "basic";
    block.stride = problem.blocks[i].stride;
    if (i > 1 && block.stride == 2) width *= 2;
    block.depth = depths[i - 1];
    block.out_channels = block.bottleneck_channels = width;
    network.blocks[i] = block;
  }
  return network;
}

// Calls `use` for all depths of 1 to `most` that differ at most by a factor of 2.
void EachDepths(size_t stages, int most, const std::function<void(const std::vector<int>&)>& use) {
  std::vector<int> depths(stages, 1);
  for (;;) {
    const auto [low, high] = std::minmax_element(depths.begin(), depths.end());
    if (*high <= 2 * *low) use(depths);
    size_t i = 0;
    while (i < stages && depths[i] == most) depths[i++] = 1;
    if (i == stages) return;
    ++depths[i];
  }
}

}  // namespace

NetworkSpec RandomStructure(const DesignProblem& problem, uint64_t seed, uint64_t index, double fill) {
  constexpr int kDraws = 200'000;
  const DesignProblem tight = WithTightRanges(problem);
  Evaluator evaluator(tight);
  base::Random random(seed, base::RandomPurpose::kSearch, kStream, index);
  for (int i = 0; i < kDraws; ++i) {
    const std::optional<Candidate> candidate = Draw(tight, random);
    if (!candidate) continue;
    const Measures measures = evaluator.Evaluate(*candidate);
    if (measures.excess > 0 || (fill > 0 && measures.used[kFlops] < fill * problem.budgets.flops.value())) continue;
    NetworkSpec network = ToNetwork(tight, *candidate);
    network.name = "random";
    if (Assess(problem, network).violations.empty()) return network;
  }
  throw base::InfeasibleError(
      fmt::format("none of {} random structures is within the budgets and uses {:.0f} % of the FLOPs", kDraws, 100 * fill), problem.name,
      "lower the share, or narrow the ranges");
}

NetworkSpec ResNetLike(const DesignProblem& problem, const StructureCost& cost) {
  constexpr int kDeepest = 6, kWidest = 512;
  constexpr double kMostStructures = 2e6;
  NetworkSpec best;
  double best_distance = std::numeric_limits<double>::infinity();
  // So that many stages do not take forever.
  const int deepest =
      std::clamp(static_cast<int>(std::pow(kMostStructures / 64, 1.0 / static_cast<double>(problem.Stages()))), 2, kDeepest);
  EachDepths(problem.Stages(), deepest, [&](const std::vector<int>& depths) {
    for (int width = problem.channel_multiple; width <= kWidest; width += problem.channel_multiple) {
      NetworkSpec network = WithDepthsAndWidth(problem, depths, width);
      const StructureCost own = CostOf(problem, network);
      if (own.flops > kOver * cost.flops || own.params > kOver * cost.params) return;
      const double distance = std::abs(std::log(own.flops / cost.flops)) + std::abs(std::log(own.params / cost.params));
      if (distance >= best_distance) continue;
      best_distance = distance;
      best = std::move(network);
    }
  });
  if (best.blocks.empty()) {
    throw base::InfeasibleError("no ResNet-like structure is as small as that", problem.name,
                                "raise the budgets, or lower channel_multiple");
  }
  return best;
}

NetworkSpec Scaled(const DesignProblem& problem, const NetworkSpec& network, const StructureCost& cost) {
  const int multiple = problem.channel_multiple;
  const auto at = [&](double factor) {
    NetworkSpec scaled = network;
    const auto scale = [&](int width) {
      return width == 0 ? 0 : std::max(1, static_cast<int>(std::lround(factor * width / multiple))) * multiple;
    };
    for (BlockSpec& block : scaled.blocks) {
      block.out_channels = scale(block.out_channels);
      block.bottleneck_channels = scale(block.bottleneck_channels);
    }
    return scaled;
  };
  const auto fits = [&](const NetworkSpec& scaled) {
    const StructureCost own = CostOf(problem, scaled);
    return own.flops <= cost.flops && own.params <= cost.params;
  };
  double low = 1e-3, high = 1e3;
  if (!fits(at(low))) {
    throw base::InfeasibleError("the structure is above the budgets at its narrowest", network.name, "give a shallower one");
  }
  for (int i = 0; i < 60; ++i) {
    const double middle = std::sqrt(low * high);
    (fits(at(middle)) ? low : high) = middle;
  }
  return at(low);
}

}  // namespace deepmad::mad
