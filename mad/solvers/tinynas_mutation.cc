#include "mad/solvers/tinynas_mutation.h"

#include <algorithm>
#include <cmath>

#include "mad/problem/feasibility.h"

namespace deepmad::mad {
namespace {

constexpr int kMutationsAChild = 2;
constexpr int kDepthSteps[] = {-2, -1, 1, 2};

template <typename List>
auto Draw(const List& list, base::Random& random) {
  return list[static_cast<size_t>(random.UniformInt(0, static_cast<int64_t>(std::size(list)) - 1))];
}

// Half to even, as the released rounding.
int RoundHalfEven(double channels, int multiple) { return std::max(1, static_cast<int>(std::nearbyint(channels / multiple))) * multiple; }

double NearestOf(const std::vector<double>& values, double wanted) {
  return *std::min_element(values.begin(), values.end(), [&](double a, double b) { return std::abs(a - wanted) < std::abs(b - wanted); });
}

struct MainPath {
  int convolutions = 0;
  bool depthwise = false;
};
// Of a unit; which layers there are depends on no width.
MainPath CountMainPath(const std::string& type) {
  UnitDims<double> dims;
  dims.in = dims.out = dims.bottleneck = 8;
  MainPath path;
  for (const Branch<double>& branch : MakeUnit(FindBlockType(type), dims)) {
    for (const Layer<double>& layer : branch.main) {
      if (layer.kind != LayerKind::kConv) continue;
      ++path.convolutions;
      path.depthwise = path.depthwise || layer.depthwise;
    }
  }
  return path;
}

}  // namespace

ReleasedMutation::ReleasedMutation(const DesignProblem& problem, bool every_block) : problem_(problem) {
  const int blocks = static_cast<int>(problem.blocks.size());
  mutable_blocks_ = every_block ? problem.BlocksBeforeTail() : problem.blocks.size() - 1;
  for (size_t i = 0; i < problem.blocks.size(); ++i) {
    const MainPath path = CountMainPath(problem.blocks[i].type);
    const Family family = path.depthwise ? Family::kDepthwise : path.convolutions == 2 ? Family::kTwoConvolutions : Family::kBottleneck;
    int largest = problem.blocks[i].depth.high;
    if (problem.budgets.layers && i > 1) {  // the first stage has a bound of its own
      const int others = blocks - (family == Family::kDepthwise ? 3 : 2);
      largest = std::min(largest, static_cast<int>(*problem.budgets.layers) / path.convolutions / std::max(1, others));
    }
    family_.push_back(family);
    layers_a_unit_.push_back(path.convolutions);
    largest_depth_.push_back(std::max(1, largest));
  }
}

int ReleasedMutation::Rounded(double channels) const { return RoundHalfEven(channels, problem_.channel_multiple); }

int ReleasedMutation::ScaledChannels(int channels, base::Random& random) const {
  return Rounded(Draw(problem_.solver.evolution.channel_scales, random) * channels);
}

bool ReleasedMutation::KeepsLayers(const Candidate& candidate) const {
  if (!problem_.budgets.layers) return true;
  int layers = 0;
  for (size_t i = 0; i < candidate.blocks.size(); ++i) layers += layers_a_unit_[i] * candidate.blocks[i].depth;
  return layers <= *problem_.budgets.layers;
}

Candidate ReleasedMutation::Child(const Candidate& parent, base::Random& random) const {
  Candidate child = parent;
  for (int i = 0; i < kMutationsAChild; ++i) {
    const Candidate before = child;
    for (size_t attempt = 0; attempt < problem_.blocks.size(); ++attempt) {
      child = before;
      MutateBlock(child, random);
      if (KeepsLayers(child)) break;
    }
  }
  return child;
}

void ReleasedMutation::MutateBlock(Candidate& candidate, base::Random& random) const {
  const size_t block = static_cast<size_t>(random.UniformInt(0, static_cast<int64_t>(mutable_blocks_) - 1));
  if (block == 0) return MutateStem(candidate, random);
  const BlockVariables& variables = problem_.blocks[block];
  BlockChoice& choice = candidate.blocks[block];
  // Problems with one kernel have no kernel mutation.
  switch (random.UniformInt(0, variables.kernels.size() > 1 ? 3 : 2)) {
    case 0:
      MutateWidth(block, candidate, random);
      break;
    case 1:
      MutateBottleneck(block, candidate, random);
      break;
    case 2:
      MutateDepth(block, candidate, random);
      break;
    default: {
      const KernelChoice old = choice.kernel;
      for (size_t i = 0; i < variables.kernels.size() && choice.kernel == old; ++i) choice.kernel = Draw(variables.kernels, random);
    }
  }
  if (family_[block] == Family::kDepthwise || variables.bottleneck_channels.high == 0) return;
  const double least = problem_.rules.bottleneck_over_out_min * choice.out_channels;
  if (choice.bottleneck_channels >= least) return;
  const bool nearest = problem_.rules.ratio_rounding == RatioRounding::kNearest;
  choice.bottleneck_channels = nearest ? Rounded(least) : AdmittedBottlenecks(problem_, variables, choice.out_channels).low;
}

void ReleasedMutation::MutateStem(Candidate& candidate, base::Random& random) const {
  const Range& range = problem_.blocks[0].out_channels;
  BlockChoice& stem = candidate.blocks[0];
  const int channels = std::clamp(ScaledChannels(stem.out_channels, random), range.low, range.high);
  stem.out_channels = std::min(channels, candidate.blocks[1].out_channels);
}

void ReleasedMutation::MutateWidth(size_t block, Candidate& candidate, base::Random& random) const {
  BlockChoice& choice = candidate.blocks[block];
  BlockChoice* next = block + 1 < problem_.BlocksBeforeTail() ? &candidate.blocks[block + 1] : nullptr;
  const Range& range = problem_.blocks[block].out_channels;
  const int in_channels = candidate.blocks[block - 1].out_channels;
  const double growth = problem_.rules.out_over_in_max;
  const double ratio = static_cast<double>(choice.bottleneck_channels) / choice.out_channels;
  int channels = ScaledChannels(choice.out_channels, random);
  if (family_[block] == Family::kBottleneck && growth > 0) channels = std::min(channels, static_cast<int>(growth * in_channels));
  channels = std::clamp(channels, range.low, range.high);
  if (problem_.rules.non_decreasing_width) {
    channels = std::max(channels, in_channels);
    if (next != nullptr) channels = std::min(channels, next->out_channels);
  }
  if (family_[block] == Family::kBottleneck && growth > 0 && next != nullptr) {
    channels = std::max(channels, Rounded(next->out_channels / growth));
  }
  choice.out_channels = channels;
  if (family_[block] == Family::kDepthwise) {
    choice.bottleneck_channels = Rounded(channels * NearestOf(problem_.solver.evolution.bottleneck_ratios, ratio));
  } else if (family_[block] == Family::kTwoConvolutions && next != nullptr) {
    next->bottleneck_channels = std::min(next->bottleneck_channels, channels);
  }
}

void ReleasedMutation::MutateBottleneck(size_t block, Candidate& candidate, base::Random& random) const {
  BlockChoice& choice = candidate.blocks[block];
  if (problem_.blocks[block].bottleneck_channels.high == 0) return;
  if (family_[block] != Family::kDepthwise) {
    choice.bottleneck_channels = std::min(ScaledChannels(choice.bottleneck_channels, random), choice.out_channels);
    return;
  }
  const std::vector<double>& ratios = problem_.solver.evolution.bottleneck_ratios;
  const double old = NearestOf(ratios, static_cast<double>(choice.bottleneck_channels) / choice.out_channels);
  double ratio = old;
  for (size_t i = 0; i < ratios.size() && ratio == old; ++i) ratio = Draw(ratios, random);
  choice.bottleneck_channels = Rounded(choice.out_channels * ratio);
}

void ReleasedMutation::MutateDepth(size_t block, Candidate& candidate, base::Random& random) const {
  int& depth = candidate.blocks[block].depth;
  const int old = depth;
  for (size_t i = 0; i < std::size(kDepthSteps) && depth == old; ++i) depth = std::max(1, old + Draw(kDepthSteps, random));
  depth = std::min(depth, largest_depth_[block]);
}

}  // namespace deepmad::mad
