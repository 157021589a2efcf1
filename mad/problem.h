// The design problem: what may vary, what must hold, what is maximised. YAML form: docs/formats.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/config.h"
#include "mad/formulation.h"
#include "mad/network_spec.h"

namespace deepmad::mad {

struct Range {
  int low = 0;
  int high = 0;  // included
  bool Contains(int value) const { return low <= value && value <= high; }
};

struct StageVariables {
  std::string type;
  int stride = 1;
  std::vector<int> kernels;  // ascending, odd
  Range depth;
  Range out_channels;
  Range bottleneck_channels;
  std::optional<ActivationKind> activation;
};

struct StemVariables {
  Range out_channels{8, 32};
  int kernel = 3;
  int stride = 2;
};

// What structures are admitted beside the ranges.
struct Rules {
  bool non_decreasing_width = true;
  double out_over_in_max = 4;  // of each residual block; 0: no bound
  double bottleneck_over_out_min = 0.1;
  double bottleneck_over_out_max = 1.0;
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
};

struct SolverOptions {
  std::string name = "nlopt";
  uint64_t seed = 0;
  double time_limit_seconds = 1;
  int threads = 1;
};

struct DesignProblem {
  static constexpr int kVersion = 1;
  std::string name = "design";
  const Formulation* formulation = &PaperFormulation();
  InputSpec input;
  StemVariables stem;
  std::vector<StageVariables> stages;
  std::optional<BlockSpec> tail;  // a fixed last block
  int channel_multiple = 8;
  Rules rules;
  Budgets budgets;
  Objective objective;
  SolverOptions solver;
  HeadSpec head;
};

// UsageError for anything out of range, an unknown key or type, a stage weight count that is not the number of stages, or a range that
// holds no multiple.
DesignProblem ProblemFromConfig(const base::Config& config);
DesignProblem LoadProblem(const std::string& path, const std::vector<std::string>& overrides = {});

// The network of a structure with the given integers, one entry a stage; the problem's stem, tail and head around it.
struct StageChoice {
  int kernel = 3;
  int depth = 1;
  int out_channels = 0;
  int bottleneck_channels = 0;
};
struct Candidate {
  int stem_channels = 0;
  std::vector<StageChoice> stages;
};
NetworkSpec ToNetwork(const DesignProblem& problem, const Candidate& candidate);

}  // namespace deepmad::mad
