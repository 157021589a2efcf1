#include "mad/bound/branching.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace deepmad::mad {
namespace {

constexpr size_t kNearest = 8;       // maximisers that are compared
constexpr double kWideDepths = 2.0;  // ratio of a depth range that is halved before all else
// A kernel changes ln w of a unit by about this share of what a bottleneck does that grows by a factor e.
constexpr double kKernelSpread = 0.25;

enum class Kind { kNone, kWidth, kBottleneck, kDepth, kKernel };

struct Best {
  double loss = -1;
  Kind kind = Kind::kNone;
  size_t index = 0;
  double at = 0;  // the value between the halves
  void Take(double other_loss, Kind other_kind, size_t other_index, double other_at) {
    if (other_loss > loss) *this = {other_loss, other_kind, other_index, other_at};
  }
};

struct Spread {
  double low = 1e300, high = -1e300, sum = 0;
  int count = 0;
  void Add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
    sum += value;
    ++count;
  }
  double Mean() const { return sum / count; }
  double Ratio() const { return low > 0 ? std::log(high / low) : 0; }
};

// Each stage's share of the entropy at a structure, roughly.
std::vector<double> EntropyShares(const ProblemForms& forms, const DesignProblem& problem, const Candidate& candidate) {
  std::vector<double> shares;
  double total = 0;
  for (size_t i = 0; i < candidate.stages.size(); ++i) {
    const StageChoice& choice = candidate.stages[i];
    const double bottleneck = std::max(1, choice.bottleneck_channels);
    const std::array<double, kSymbols> logs{std::log(choice.out_channels), std::log(choice.out_channels), std::log(bottleneck), 0};
    const auto& offered = problem.stages[i].kernels;
    const size_t kernel = static_cast<size_t>(std::find(offered.begin(), offered.end(), choice.kernel) - offered.begin());
    shares.push_back(choice.depth * forms.blocks[i + 1].kernels[kernel].other.entropy.At({}, logs));
    total += shares.back();
  }
  for (double& share : shares) share /= std::max(total, 1e-9);
  return shares;
}

// Two halves of a range on a grid, the cut next to `at`.
std::pair<Range, Range> Halves(const Range& range, double at, int multiple) {
  const int steps = (range.high - range.low) / multiple;
  const int below = std::clamp(static_cast<int>(std::floor((at - range.low) / multiple)), 0, steps - 1);
  return {{range.low, range.low + below * multiple}, {range.low + (below + 1) * multiple, range.high}};
}

Best Choose(const DesignProblem& problem, const ProblemForms& forms, const EntropyWindows& windows, const Box& box,
            const std::vector<Maximiser>& maximisers, double objective) {
  Best best;
  const size_t stages = box.depths.size();
  for (size_t i = 0; i < stages; ++i) {
    const double ratio = static_cast<double>(box.depths[i].high) / box.depths[i].low;
    if (ratio > kWideDepths) best.Take(ratio, Kind::kDepth, i, std::sqrt(static_cast<double>(box.depths[i].low) * box.depths[i].high));
  }
  if (best.kind != Kind::kNone) return best;

  const size_t count = std::min(kNearest, maximisers.size());
  if (count > 0) {
    const std::vector<double> shares = EntropyShares(forms, problem, maximisers[0].candidate);
    for (size_t width = 0; width <= stages; ++width) {
      const Range& range = box.widths[width];
      if (range.low == range.high) continue;
      Spread spread;
      for (size_t m = 0; m < count; ++m) {
        const Candidate& candidate = maximisers[m].candidate;
        spread.Add(width == 0 ? candidate.stem_channels : candidate.stages[width - 1].out_channels);
      }
      const double share = width == 0 ? 0.02 : shares[width - 1];
      best.Take(spread.Ratio() * share * objective, Kind::kWidth, width, spread.Mean());
      best.Take(windows.Error(width), Kind::kWidth, width, (range.low + range.high) / 2.0);
    }
    for (size_t i = 0; i < stages; ++i) {
      Spread depth, bottleneck, kernel;
      for (size_t m = 0; m < count; ++m) {
        const StageChoice& choice = maximisers[m].candidate.stages[i];
        depth.Add(choice.depth);
        bottleneck.Add(choice.bottleneck_channels);
        kernel.Add(static_cast<double>(choice.kernel.Code()));
      }
      if (box.depths[i].low < box.depths[i].high) best.Take(depth.Ratio() * shares[i] * objective, Kind::kDepth, i, depth.Mean());
      if (box.bottlenecks[i].low < box.bottlenecks[i].high) {
        best.Take(bottleneck.Ratio() * shares[i] * objective, Kind::kBottleneck, i, bottleneck.Mean());
      }
      if (kernel.high > kernel.low) best.Take(kKernelSpread * shares[i] * objective, Kind::kKernel, i, 0);
    }
  }
  if (best.loss > 0) return best;
  // Nothing tells them apart: the widest range.
  for (size_t i = 0; i <= stages; ++i) {
    const auto widest = [&](const Range& range, Kind kind, size_t index) {
      if (range.low < range.high)
        best.Take(std::log(range.high / std::max(1.0, range.low * 1.0)), kind, index, (range.low + range.high) / 2.0);
    };
    widest(box.widths[i], Kind::kWidth, i);
    if (i == stages) break;
    widest(box.depths[i], Kind::kDepth, i);
    widest(box.bottlenecks[i], Kind::kBottleneck, i);
    if (!std::has_single_bit(box.kernels[i])) best.Take(0, Kind::kKernel, i, 0);
  }
  return best;
}

}  // namespace

std::pair<Box, Box> Split(const DesignProblem& problem, const ProblemForms& forms, const EntropyWindows& windows, const Box& box,
                          const std::vector<Maximiser>& maximisers, double objective) {
  const Best best = Choose(problem, forms, windows, box, maximisers, objective);
  std::pair<Box, Box> halves{box, box};
  const auto split = [&](std::vector<Range> Box::*ranges, int multiple) {
    const auto [lower, upper] = Halves((box.*ranges)[best.index], best.at, multiple);
    (halves.first.*ranges)[best.index] = lower;
    (halves.second.*ranges)[best.index] = upper;
  };
  switch (best.kind) {
    case Kind::kWidth:
      split(&Box::widths, problem.channel_multiple);
      break;
    case Kind::kBottleneck:
      split(&Box::bottlenecks, problem.channel_multiple);
      break;
    case Kind::kDepth:
      split(&Box::depths, 1);
      break;
    default: {
      const uint64_t mask = box.kernels[best.index];
      const uint64_t lowest = mask & (~mask + 1);
      halves.first.kernels[best.index] = lowest;
      halves.second.kernels[best.index] = mask ^ lowest;
      break;
    }
  }
  return halves;
}

}  // namespace deepmad::mad
