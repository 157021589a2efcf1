#include "mad/design/hand_made_shapes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>

#include "base/error.h"
#include "mad/design/design.h"
#include "mad/problem/budget_tolerance.h"
#include "mad/problem/feasibility.h"

namespace deepmad::mad {
namespace {

using Blocks = std::vector<BlockSpec>;
// Takes the residual blocks of a setting and returns whether the network keeps the budgets.
using Use = std::function<bool(const Blocks&)>;
// Calls `use` for the settings of a shape, narrow and shallow ones first, until larger ones cannot keep the budgets either.
using Settings = std::function<void(const DesignProblem& problem, const Use& use)>;

// Strides of the resolutions at which the stages work: the first is the stride of the first stage, all others are 2.
std::vector<int> Resolutions(const DesignProblem& problem) {
  std::vector<int> strides;
  for (const BlockVariables& block : problem.blocks) {
    if (block.is_stage && (strides.empty() || block.stride == 2)) strides.push_back(block.stride);
  }
  return strides;
}

int ToMultiple(double width, const DesignProblem& problem) {
  const int multiple = problem.channel_multiple;
  return std::max(1, static_cast<int>(std::lround(width / multiple))) * multiple;
}

BlockSpec Block(const char* type, int stride, int depth, int kernel, int bottleneck, int out) {
  BlockSpec block;
  block.type = type;
  block.stride = stride;
  block.depth = depth;
  block.kernel = kernel;
  block.bottleneck_channels = bottleneck;
  block.out_channels = out;
  return block;
}

constexpr int kWidest = 512;  // of the narrowest stage

// Depths that rise over the resolutions, each at most twice the one before it, as in ResNet-18, 34 and 50 but for their last stage.
void ResNetSettings(const DesignProblem& problem, const Use& use) {
  constexpr int kDeepest = 12;
  const std::vector<int> strides = Resolutions(problem);
  // Whether the shallowest that begins with these blocks keeps the budgets.
  const std::function<bool(Blocks&, int)> extend = [&](Blocks& blocks, int width) {
    const size_t i = blocks.size();
    if (i == strides.size()) return use(blocks);
    const int least = i == 0 ? 1 : blocks.back().depth, most = i == 0 ? kDeepest / 2 : std::min(2 * least, kDeepest);
    for (int depth = least; depth <= most; ++depth) {
      blocks.push_back(Block("basic", strides[i], depth, 3, width, width));
      const bool fits = extend(blocks, 2 * width);
      blocks.pop_back();
      if (!fits) return depth > least;
    }
    return true;
  };
  for (int width = problem.channel_multiple; width <= kWidest; width += problem.channel_multiple) {
    Blocks blocks;
    if (!extend(blocks, width)) return;
  }
}

// Unit j has the width first + slope * j, rounded to first * ratio^s for an integer s; units of one width make a stage.
void RegNetSettings(const DesignProblem& problem, const Use& use) {
  constexpr int kMostUnits = 32;
  const std::vector<int> strides = Resolutions(problem);
  const auto stages = [&](double first, double slope, double ratio, int units) {
    Blocks blocks;
    for (int j = 0; j < units; ++j) {
      const double step = std::round(std::log((first + slope * j) / first) / std::log(ratio));
      const int width = ToMultiple(first * std::pow(ratio, step), problem);
      if (!blocks.empty() && blocks.back().out_channels == width) {
        ++blocks.back().depth;
      } else if (blocks.size() == strides.size()) {
        return Blocks();
      } else {
        blocks.push_back(Block("bottleneck", strides[blocks.size()], 1, 3, width, width));
      }
    }
    return blocks.size() == strides.size() ? blocks : Blocks();
  };
  for (int width = problem.channel_multiple; width <= kWidest; width += problem.channel_multiple) {
    for (const double slope : {0.25, 0.5, 0.75, 1.0, 1.5, 2.0}) {
      for (const double ratio : {1.5, 2.0, 2.5, 3.0}) {
        for (int units = static_cast<int>(strides.size()); units <= kMostUnits; ++units) {
          const Blocks blocks = stages(width, slope * width, ratio, units);
          if (!blocks.empty() && !use(blocks)) break;
        }
      }
    }
  }
}

struct Setting {
  int width, depth;
  bool halves;  // the resolution
};

void MobileNetSettings(const DesignProblem& problem, const Use& use) {
  static constexpr Setting kTable[] = {{16, 1, false}, {24, 2, true},  {32, 3, true},  {64, 4, true},
                                       {96, 3, false}, {160, 3, true}, {320, 1, false}};
  constexpr int kHalves = 4;
  const std::vector<int> strides = Resolutions(problem);
  const int resolutions = static_cast<int>(strides.size());
  // More resolutions than the table has would need settings that it does not have.
  if (resolutions - 1 > kHalves) return;
  for (double width = 0.05; width < 4; width *= 1.02) {
    for (const double depth : {1.0 / 3, 0.5, 2.0 / 3, 1.0, 4.0 / 3, 2.0}) {
      for (const int expansion : {2, 3, 4, 6}) {
        Blocks blocks;
        int in = 0, halved = 0;
        for (const Setting& setting : kTable) {
          halved += setting.halves ? 1 : 0;
          // As usual for small pictures, the first of its halvings are left out.
          const bool halves = setting.halves && halved > kHalves - (resolutions - 1);
          const int out = ToMultiple(width * setting.width, problem);
          const int units = std::max(1, static_cast<int>(std::lround(depth * setting.depth)));
          const int hidden = blocks.empty() ? out : expansion * in;
          blocks.push_back(Block("inverted_residual", blocks.empty() ? strides[0] : halves ? 2 : 1, units, 3, hidden, out));
          in = out;
        }
        if (!use(blocks)) break;
      }
    }
  }
}

void ConvNextSettings(const DesignProblem& problem, const Use& use) {
  constexpr int kDeepest = 4;
  const std::vector<int> strides = Resolutions(problem);
  for (double width = 0.5 * problem.channel_multiple; width <= kWidest; width *= 1.05) {
    for (int depth = 1; depth <= kDeepest; ++depth) {
      for (const int kernel : {3, 5, 7}) {
        Blocks blocks;
        for (size_t i = 0; i < strides.size(); ++i) {
          const int out = ToMultiple(std::ldexp(width, static_cast<int>(i)), problem);
          blocks.push_back(Block("convnext", strides[i], i + 2 == strides.size() ? 3 * depth : depth, kernel, 4 * out, out));
        }
        if (!use(blocks)) break;
      }
    }
  }
}

const std::map<std::string, Settings>& Shapes() {
  static const std::map<std::string, Settings> shapes = {
      {"convnext", ConvNextSettings}, {"mobilenet_v2", MobileNetSettings}, {"regnet", RegNetSettings}, {"resnet", ResNetSettings}};
  return shapes;
}

// The stem is as wide as the first stage, within the range that the problem gives it.
NetworkSpec Around(const Blocks& blocks, const DesignProblem& problem, const std::string& name) {
  NetworkSpec network = ToNetwork(problem, SmallestCandidate(problem));
  network.name = name;
  BlockSpec stem = network.blocks.front();
  const Range& widths = problem.blocks.front().out_channels;
  stem.out_channels = std::clamp(blocks.front().out_channels, widths.low, widths.high);
  std::vector<BlockSpec> all = {stem};
  all.insert(all.end(), blocks.begin(), blocks.end());
  if (problem.HasTail()) all.push_back(network.blocks.back());
  network.blocks = std::move(all);
  return network;
}

// How far the budgets for FLOPs and parameters are from being filled, in logarithms; infinite if any but the effectiveness is broken.
double Distance(const DesignProblem& problem, const NetworkSpec& network) {
  const Assessment assessment = Assess(problem, network);
  double distance = 0;
  for (const Budget budget : kEveryAdditive) {
    const std::optional<double>& limit = Limit(problem, budget);
    if (!limit) continue;
    const double used = assessment.used[budget];
    if (used > MostAllowed(*limit)) return std::numeric_limits<double>::infinity();
    if (budget == kFlops || budget == kParams) distance += std::log(*limit / used);
  }
  return distance;
}

}  // namespace

std::vector<std::string> HandMadeShapeNames() {
  std::vector<std::string> names;
  for (const auto& [name, settings] : Shapes()) names.push_back(name);
  return names;
}

NetworkSpec HandMadeShape(const std::string& name, const DesignProblem& problem) {
  const auto settings = Shapes().find(name);
  if (settings == Shapes().end()) throw base::UnknownName("hand-made shape", name, HandMadeShapeNames(), problem.name);
  if (!problem.budgets.flops && !problem.budgets.params) {
    throw base::UsageError("a hand-made shape needs a budget to fill", problem.name, "set budgets.flops, budgets.params or both");
  }
  if (FindBlockType(problem.blocks.front().type).traits.has_time) {
    throw base::InfeasibleError("the hand-made shape '" + name + "' has 2-D blocks, the problem 3-D ones", problem.name);
  }
  NetworkSpec best;
  double best_distance = std::numeric_limits<double>::infinity();
  settings->second(problem, [&](const Blocks& blocks) {
    NetworkSpec network = Around(blocks, problem, name);
    const double distance = Distance(problem, network);
    if (distance < best_distance) {
      best_distance = distance;
      best = std::move(network);
    }
    return std::isfinite(distance);
  });
  if (best.blocks.empty()) {
    throw base::InfeasibleError("no setting of the hand-made shape '" + name + "' keeps the budgets", problem.name,
                                "raise the budgets, or lower channel_multiple");
  }
  return best;
}

}  // namespace deepmad::mad
