#include "mad/bound/branching.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <tuple>

namespace deepmad::mad {
namespace {

constexpr size_t kNearest = 8;       // maximisers that are compared
constexpr double kWideDepths = 2.0;  // ratio of a depth range that is halved before all else
// A kernel changes ln w of a unit by about this share of what a bottleneck does that grows by a factor e.
constexpr double kKernelSpread = 0.25;

// Share of the entropy that a width is taken to bear on where its block repeats no units, as the stem's.
constexpr double kShareWithoutUnits = 0.02;

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

// Each block's share of the entropy at a structure, roughly: that of its repeated units.
std::vector<double> EntropyShares(const ProblemForms& forms, const Candidate& candidate) {
  std::vector<double> shares;
  double total = 0;
  for (size_t i = 0; i < candidate.blocks.size(); ++i) {
    const BlockChoice& choice = candidate.blocks[i];
    const double bottleneck = std::max(1, choice.bottleneck_channels);
    const std::array<double, kSymbols> logs{std::log(choice.out_channels), std::log(choice.out_channels), std::log(bottleneck), 0};
    shares.push_back(choice.depth * forms.blocks[i].OfKernel(choice.kernel).other.entropy.At({}, logs));
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
  const size_t blocks = box.blocks.size();
  for (size_t i = 0; i < blocks; ++i) {
    const Range& depth = box.blocks[i].depth;
    const double ratio = static_cast<double>(depth.high) / depth.low;
    if (ratio > kWideDepths) best.Take(ratio, Kind::kDepth, i, std::sqrt(static_cast<double>(depth.low) * depth.high));
  }
  if (best.kind != Kind::kNone) return best;

  const size_t count = std::min(kNearest, maximisers.size());
  if (count > 0) {
    const std::vector<double> shares = EntropyShares(forms, maximisers[0].candidate);
    for (size_t i = 0; i < blocks; ++i) {
      const Range& range = box.blocks[i].width;
      if (range.low == range.high) continue;
      Spread spread;
      for (size_t m = 0; m < count; ++m) spread.Add(maximisers[m].candidate.blocks[i].out_channels);
      const double share = problem.blocks[i].is_stage ? shares[i] : kShareWithoutUnits;
      best.Take(spread.Ratio() * share * objective, Kind::kWidth, i, spread.Mean());
      best.Take(windows.Error(i), Kind::kWidth, i, (range.low + range.high) / 2.0);
    }
    for (size_t i = 0; i < blocks; ++i) {
      Spread depth, bottleneck, kernel;
      for (size_t m = 0; m < count; ++m) {
        const BlockChoice& choice = maximisers[m].candidate.blocks[i];
        depth.Add(choice.depth);
        bottleneck.Add(choice.bottleneck_channels);
        kernel.Add(static_cast<double>(choice.kernel.Code()));
      }
      const BlockBox& block = box.blocks[i];
      if (block.depth.low < block.depth.high) best.Take(depth.Ratio() * shares[i] * objective, Kind::kDepth, i, depth.Mean());
      if (block.bottleneck.low < block.bottleneck.high) {
        best.Take(bottleneck.Ratio() * shares[i] * objective, Kind::kBottleneck, i, bottleneck.Mean());
      }
      if (kernel.high > kernel.low) best.Take(kKernelSpread * shares[i] * objective, Kind::kKernel, i, 0);
    }
  }
  if (best.loss > 0) return best;
  // Nothing tells them apart: the widest range.
  for (size_t i = 0; i < blocks; ++i) {
    const BlockBox& block = box.blocks[i];
    const auto widest = [&](const Range& range, Kind kind) {
      if (range.low < range.high) best.Take(std::log(range.high / std::max(1.0, range.low * 1.0)), kind, i, (range.low + range.high) / 2.0);
    };
    widest(block.depth, Kind::kDepth);
    widest(block.bottleneck, Kind::kBottleneck);
    if (!std::has_single_bit(block.kernels)) best.Take(0, Kind::kKernel, i, 0);
    widest(block.width, Kind::kWidth);
  }
  return best;
}

}  // namespace

std::pair<Box, Box> Split(const DesignProblem& problem, const ProblemForms& forms, const EntropyWindows& windows, const Box& box,
                          const std::vector<Maximiser>& maximisers, double objective) {
  const Best best = Choose(problem, forms, windows, box, maximisers, objective);
  std::pair<Box, Box> halves{box, box};
  BlockBox& first = halves.first.blocks[best.index];
  BlockBox& second = halves.second.blocks[best.index];
  const auto split = [&](Range BlockBox::*range, int multiple) {
    std::tie(first.*range, second.*range) = Halves(box.blocks[best.index].*range, best.at, multiple);
  };
  switch (best.kind) {
    case Kind::kWidth:
      split(&BlockBox::width, problem.channel_multiple);
      break;
    case Kind::kBottleneck:
      split(&BlockBox::bottleneck, problem.channel_multiple);
      break;
    case Kind::kDepth:
      split(&BlockBox::depth, 1);
      break;
    default: {
      const uint64_t mask = first.kernels;
      const uint64_t lowest = mask & (~mask + 1);
      first.kernels = lowest;
      second.kernels = mask ^ lowest;
      break;
    }
  }
  return halves;
}

}  // namespace deepmad::mad
