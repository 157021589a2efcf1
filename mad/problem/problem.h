// The design problem: what may vary, what must hold, what is maximised. YAML form: docs/formats.md.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/config/config.h"
#include "mad/network/network_spec.h"
#include "mad/objective/formulation.h"

namespace deepmad::mad {

class LatencyModel;

struct Range {
  int low = 0;
  int high = 0;  // included
  bool Contains(int value) const { return low <= value && value <= high; }
};

// What a block chooses from a list, the same for all its convolutions: the kernel, and bit widths where the block is quantised.
struct KernelChoice {
  int side = 3;  // height and width
  int time = 1;  // frames
  Bits bits = {};
  KernelChoice() = default;
  KernelChoice(int height_and_width) : side(height_and_width) {}  // NOLINT: most blocks choose a plain kernel
  KernelChoice(int height_and_width, int frames, Bits widths) : side(height_and_width), time(frames), bits(widths) {}
  int Volume() const { return side * side * time; }
  // A number below 2^14 of its own for each choice that a problem can offer: odd kernels up to 31, bit widths up to 8.
  uint64_t Code() const {
    const auto code = [](int width) { return static_cast<uint64_t>(width > 0 ? width - 1 : 0); };
    return static_cast<uint64_t>(side / 2) << 10 | static_cast<uint64_t>(time / 2) << 6 | code(bits.activation) << 3 | code(bits.weight);
  }
  friend bool operator==(const KernelChoice&, const KernelChoice&) = default;
};

// What a block of the network may be. A stem has depth 1 and no bottleneck, and each range of a tail holds one number.
struct BlockVariables {
  std::string type;
  int stride = 1;
  std::vector<KernelChoice> kernels;  // by volume, then by the product of the bit widths, ascending
  Range depth{1, 1};
  Range out_channels;
  Range bottleneck_channels;  // {0, 0} for a type without
  std::optional<ActivationKind> activation;
  std::optional<double> se_ratio = {};
  std::optional<ShortcutRule> shortcut = {};
  std::optional<bool> layer_scale = {};
  bool is_stage = true;  // one of the stages of the problem file, whose widths the rules bind; false for the stem and the tail

  bool HoldsOneChoice() const;
};

// How a bound that is a share of a width becomes a number of channels: exactly, or rounded to the nearest multiple (half to even, at least
// one multiple) as the released search does. A proven optimum holds for one of them only.
enum class RatioRounding { kExact, kNearest };

// What structures are admitted beside the ranges.
struct Rules {
  bool non_decreasing_width = true;
  double out_over_in_max = 4;  // of each residual block; 0: no bound
  double bottleneck_over_out_min = 0.1;
  double bottleneck_over_out_max = 1.0;
  RatioRounding ratio_rounding = RatioRounding::kExact;  // of the least bottleneck for an output and the least input for an output
  bool kernel_within_map = true;  // 1.5 * kernel <= side of the block's input map, unless it is the smallest kernel offered
};

// Upper bounds; nullopt where a quantity is free.
struct Budgets {
  std::optional<double> flops;  // in flops_convention
  FlopsConvention flops_convention = FlopsConvention::kMacs;
  std::optional<double> params;         // all, or of the backbone, as the formulation says
  std::optional<double> effectiveness;  // of every stage prefix
  std::optional<double> layers;
  std::optional<double> activation_memory;  // bytes that training keeps for the backward pass, float32, for activation_batch images
  int activation_batch = 1;
  // Megabytes (1e6 bytes) that training in float32 holds at its peak: weights with their gradients and the optimizer's state, and the
  // values kept for the backward pass of memory_batch images.
  std::optional<double> memory_mb;
  int memory_batch = 1;
  double memory_weight_copies = 3;                              // weights, gradients and momentum
  std::optional<double> latency_ms;                             // of a pass, as the model predicts it
  std::shared_ptr<const LatencyModel> latency_model = nullptr;  // null: latencies are not known
  // Of published problems: seconds an image by a table that is not public, so such a problem can be read but not solved.
  std::optional<double> latency;
  std::string latency_table;
};

// A structure of a problem: the integers of each block.
struct BlockChoice {
  KernelChoice kernel;
  int depth = 1;
  int out_channels = 0;
  int bottleneck_channels = 0;
  friend bool operator==(const BlockChoice&, const BlockChoice&) = default;
};
struct Candidate {
  std::vector<BlockChoice> blocks;  // those of the problem
  friend bool operator==(const Candidate&, const Candidate&) = default;
};

// The published evolutionary search (mad/solvers/evolution.cc); the defaults are those of its ResNet-like problems.
struct EvolutionOptions {
  int64_t evaluations = 500000;  // children, those over a budget included
  int population = 256;
  std::vector<double> channel_scales{1.5, 1.25, 0.8, 0.6, 0.5};              // of an output or a bottleneck, one drawn a mutation
  std::vector<double> bottleneck_ratios{1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6};  // bottleneck over output of depthwise stages
};

struct SolverOptions {
  std::string name = "nlopt";
  uint64_t seed = 0;
  // What may end the search before the proof does; nullopt: no such limit. Work is the same on every machine (mad/search/work.h): a unit is
  // about a second of one core. A file that names a time limit alone has no limit of work.
  std::optional<double> work_limit = 1;
  std::optional<double> time_limit_seconds = {};
  int threads = 1;
  double gap = 1e-4;               // relative: the proof ends when the upper bound is at most objective * (1 + gap)
  std::optional<Candidate> start;  // a structure to start from; it need not be admitted
  EvolutionOptions evolution;
};

struct DesignProblem {
  static constexpr int kVersion = 1;
  std::string name = "design";
  const Formulation* formulation = &PaperFormulation();
  InputSpec input;
  std::vector<BlockVariables> blocks;  // in the network's order: the stem, the stages, the tail where there is one
  int channel_multiple = 8;
  Rules rules;
  Budgets budgets;
  Objective objective;
  SolverOptions solver;
  HeadSpec head;

  bool HasTail() const { return blocks.size() > 1 && !blocks.back().is_stage; }
  size_t BlocksBeforeTail() const { return blocks.size() - (HasTail() ? 1 : 0); }
  size_t Stages() const { return BlocksBeforeTail() - 1; }  // blocks 1 to Stages() are the stages of the problem file
};
// Returns the key of a block in the problem file: "stem", "stages.1" or "tail".
std::string BlockKey(const DesignProblem& problem, size_t block);

// UsageError for anything out of range, an unknown key or type, a stage weight count that is not the number of stages, or a range that
// holds no multiple.
DesignProblem ProblemFromConfig(const base::Config& config);
DesignProblem LoadProblem(const std::string& path, const std::vector<std::string>& overrides = {});

// The network of a structure, with the problem's head.
NetworkSpec ToNetwork(const DesignProblem& problem, const Candidate& candidate);
// The inverse. UsageError (with `where`) for a network whose blocks are not as many as the problem's, or whose stages are not of its types
// and strides. Stem and tail have the problem's kernels.
Candidate ToCandidate(const DesignProblem& problem, const NetworkSpec& network, const std::string& where = "");

}  // namespace deepmad::mad
