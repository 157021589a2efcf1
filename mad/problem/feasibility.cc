#include "mad/problem/feasibility.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace deepmad::mad {
namespace {

// Channel counts are compared with real-valued rules; this keeps 0.1 * 80 <= 8 true.
constexpr double kRuleTolerance = 1e-9;

int CeilTo(double value, int multiple) { return static_cast<int>(std::ceil(value / multiple - kRuleTolerance)) * multiple; }
int FloorTo(double value, int multiple) { return static_cast<int>(std::floor(value / multiple + kRuleTolerance)) * multiple; }
int RoundTo(double value, int multiple) { return static_cast<int>(std::lround(value / multiple)) * multiple; }

// Half to even, with halves that rounding errors hide.
double Nearest(double value) {
  const double doubled = std::nearbyint(2 * value);
  return std::nearbyint(std::abs(2 * value - doubled) < kRuleTolerance ? doubled / 2 : value);
}

// A lower end that is a share of a width, as Rules::ratio_rounding says.
double LowEnd(const DesignProblem& problem, double value) {
  if (problem.rules.ratio_rounding == RatioRounding::kExact) return value;
  return std::max(1.0, Nearest(value / problem.channel_multiple)) * problem.channel_multiple;
}

// Intersects with [low, high]; a fixed number that is no multiple stays usable.
Range Narrow(const Range& range, double low, double high, int multiple) {
  if (range.low == range.high) {
    const bool inside = low - kRuleTolerance * range.low <= range.low && range.low <= high + kRuleTolerance * range.low;
    return inside ? range : Range{1, 0};
  }
  return {std::max(range.low, CeilTo(low, multiple)), std::min(range.high, FloorTo(high, multiple))};
}

// The largest output whose lower end for an input (LowEnd of output / ratio) is at most in_channels.
double MaxOutput(const DesignProblem& problem, int in_channels) {
  const double ratio = problem.rules.out_over_in_max;
  if (ratio <= 0) return 1e9;
  const int multiple = problem.channel_multiple;
  const int multiples = in_channels / multiple;
  if (problem.rules.ratio_rounding == RatioRounding::kExact || multiples == 0) return ratio * in_channels;
  const double end = ratio * multiple * (multiples + 0.5);  // there the rounding goes up for an odd number of multiples
  return multiples % 2 == 0 ? end : end - 1e-6 * multiple;
}

double MinOutput(const DesignProblem& problem, int in_channels) { return problem.rules.non_decreasing_width ? in_channels : 0; }

// Of a stem or a stage, for messages.
std::string BlockName(size_t block) { return block == 0 ? "the stem" : fmt::format("stage {}", block - 1); }

int RoundInto(double value, const Range& range, int multiple) { return std::clamp(RoundTo(value, multiple), range.low, range.high); }

}  // namespace

Range AdmittedBottlenecks(const DesignProblem& problem, const BlockVariables& block, int out_channels) {
  return Narrow(block.bottleneck_channels, LowEnd(problem, problem.rules.bottleneck_over_out_min * out_channels),
                problem.rules.bottleneck_over_out_max * out_channels, problem.channel_multiple);
}

Range AdmittedOutputs(const DesignProblem& problem, const BlockVariables& block, int in_channels) {
  if (!block.is_stage) return block.out_channels;
  return Narrow(block.out_channels, MinOutput(problem, in_channels), MaxOutput(problem, in_channels), problem.channel_multiple);
}

DesignProblem WithTightRanges(const DesignProblem& problem) {
  DesignProblem tight = problem;
  const int multiple = problem.channel_multiple;
  const double growth = problem.rules.out_over_in_max > 0 ? problem.rules.out_over_in_max : 1e9;
  const auto check = [&](const Range& range, size_t block) {
    if (range.low > range.high) {
      throw base::InfeasibleError(fmt::format("the width rules leave {} no value", BlockName(block)), problem.name,
                                  "widen its out_channels, or relax rules.non_decreasing_width or rules.out_over_in_max");
    }
  };
  for (size_t pass = 0; pass < tight.blocks.size(); ++pass) {
    for (size_t i = 1; i < tight.blocks.size(); ++i) {
      if (!tight.blocks[i].is_stage) continue;
      Range& before = tight.blocks[i - 1].out_channels;
      Range& out = tight.blocks[i].out_channels;
      out = Narrow(out, MinOutput(problem, before.low), MaxOutput(problem, before.high), multiple);
      check(out, i);
      before = Narrow(before, LowEnd(problem, out.low / growth), problem.rules.non_decreasing_width ? out.high : 1e9, multiple);
      check(before, i - 1);
    }
  }
  for (size_t i = 0; i < tight.blocks.size(); ++i) {
    BlockVariables& block = tight.blocks[i];
    if (!FindBlockType(block.type).traits.has_bottleneck) continue;
    const Range widest = Narrow(block.bottleneck_channels, LowEnd(problem, problem.rules.bottleneck_over_out_min * block.out_channels.low),
                                problem.rules.bottleneck_over_out_max * block.out_channels.high, multiple);
    if (widest.low > widest.high) {
      throw base::InfeasibleError(fmt::format("rules.bottleneck_over_out leaves {} no bottleneck", BlockName(i)), problem.name,
                                  "widen its bottleneck_channels or the ratio");
    }
    block.bottleneck_channels = widest;
  }
  return tight;
}

bool IsAdmitted(const DesignProblem& problem, const Candidate& candidate) {
  int in_channels = problem.input.channels;
  for (size_t i = 0; i < problem.blocks.size(); ++i) {
    const BlockVariables& block = problem.blocks[i];
    const BlockChoice& choice = candidate.blocks[i];
    if (!block.depth.Contains(choice.depth)) return false;
    if (!AdmittedOutputs(problem, block, in_channels).Contains(choice.out_channels)) return false;
    if (block.bottleneck_channels.high > 0 &&
        !AdmittedBottlenecks(problem, block, choice.out_channels).Contains(choice.bottleneck_channels)) {
      return false;
    }
    in_channels = choice.out_channels;
  }
  return true;
}

Candidate RoundToAdmitted(const DesignProblem& problem, const std::vector<double>& widths, const std::vector<double>& bottlenecks,
                          const std::vector<double>& depths, const std::vector<KernelChoice>& kernels) {
  const int multiple = problem.channel_multiple;
  Candidate candidate;
  int in_channels = problem.input.channels;
  for (size_t i = 0; i < problem.blocks.size(); ++i) {
    const BlockVariables& block = problem.blocks[i];
    BlockChoice choice;
    choice.kernel = kernels[i];
    choice.depth = std::clamp(static_cast<int>(std::lround(depths[i])), block.depth.low, block.depth.high);
    Range outputs = AdmittedOutputs(problem, block, in_channels);
    if (outputs.low > outputs.high) outputs = block.out_channels;
    choice.out_channels = RoundInto(widths[i], outputs, multiple);
    if (block.bottleneck_channels.high > 0) {
      Range inner = AdmittedBottlenecks(problem, block, choice.out_channels);
      if (inner.low > inner.high) inner = block.bottleneck_channels;
      choice.bottleneck_channels = RoundInto(bottlenecks[i], inner, multiple);
    }
    candidate.blocks.push_back(choice);
    in_channels = choice.out_channels;
  }
  return candidate;
}

Candidate SmallestCandidate(const DesignProblem& problem) {
  const std::vector<double> none(problem.blocks.size(), 0.0);
  std::vector<KernelChoice> kernels;
  for (const BlockVariables& block : problem.blocks) kernels.push_back(block.kernels.front());
  return RoundToAdmitted(problem, none, none, none, kernels);
}

}  // namespace deepmad::mad
