#include "mad/problem/problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "mad/latency/latency_model.h"
#include "mad/problem/auto_settings.h"
#include "mad/problem/problem_stages.h"

namespace deepmad::mad {
namespace {

constexpr int kMaxStages = 64;

Rules RulesFromConfig(const base::Config& config) {
  Rules rules;
  rules.non_decreasing_width = config.GetBool("non_decreasing_width", rules.non_decreasing_width);
  rules.out_over_in_max = config.GetDouble("out_over_in_max", rules.out_over_in_max, 0, 1e6);
  const std::vector<double> ratio =
      config.GetDoubles("bottleneck_over_out", {rules.bottleneck_over_out_min, rules.bottleneck_over_out_max}, 0, 100);
  if (ratio.size() != 2 || ratio[0] > ratio[1]) {
    throw base::UsageError("rules.bottleneck_over_out is no range", config.Where("bottleneck_over_out"), "give [low, high]");
  }
  rules.bottleneck_over_out_min = ratio[0];
  rules.bottleneck_over_out_max = ratio[1];
  const std::string rounding = config.GetChoice("ratio_rounding", "exact", {"exact", "nearest"});
  rules.ratio_rounding = rounding == "exact" ? RatioRounding::kExact : RatioRounding::kNearest;
  rules.kernel_within_map = config.GetBool("kernel_within_map", rules.kernel_within_map);
  return rules;
}

// The model of the table that the budgets name; null where they name none.
std::shared_ptr<const LatencyModel> LatencyFromConfig(const base::Config& config) {
  if (config.IsNull("latency_table")) {
    if (!config.IsNull("latency_ms")) {
      throw base::UsageError("latency_ms without latency_table", config.Where("latency_ms"),
                             "name the table that deepmad profile measured on the device");
    }
    return nullptr;
  }
  const std::string path = config.GetPath("latency_table");
  const LatencyTable table = LoadLatencyTable(path);
  const bool any = !table.inference.empty();
  const std::string precision = config.GetString("latency_precision", any ? table.inference.front().precision : "float32");
  const int batch = static_cast<int>(config.GetInt("latency_batch", any ? table.inference.front().batch : 1, 1, 1 << 24));
  return std::make_shared<LatencyModel>(table, precision, batch, path);
}

bool SaysAuto(const base::Config& config, const std::string& key) {
  return config.Has(key) && config.IsScalar(key) && config.GetString(key) == "auto";
}

Budgets BudgetsFromConfig(const base::Config& config, const Formulation& formulation) {
  Budgets budgets;
  budgets.flops = config.GetOptionalDouble("flops", 1, 1e18);
  budgets.flops_convention = FlopsConventionFromName(
      config.GetString("flops_convention", FlopsConventionName(formulation.flops_convention)), config.Where("flops_convention"));
  budgets.params = config.GetOptionalDouble("params", 1, 1e15);
  if (!SaysAuto(config, "effectiveness")) budgets.effectiveness = config.GetOptionalDouble("effectiveness", 1e-6, 1e6);
  budgets.layers = config.GetOptionalDouble("layers", 1, 1e6);
  budgets.activation_memory = config.GetOptionalDouble("activation_memory", 1, 1e18);
  budgets.activation_batch = static_cast<int>(config.GetInt("activation_batch", 1, 1, 1 << 24));
  budgets.memory_mb = config.GetOptionalDouble("memory_mb", 1e-6, 1e12);
  budgets.memory_batch = static_cast<int>(config.GetInt("memory_batch", 1, 1, 1 << 24));
  budgets.memory_weight_copies = config.GetDouble("memory_weight_copies", budgets.memory_weight_copies, 1, 100);
  budgets.latency_ms = config.GetOptionalDouble("latency_ms", 1e-6, 1e9);
  budgets.latency_model = LatencyFromConfig(config);
  if (!config.IsNull("latency")) {
    const base::Config latency = config.Section("latency");
    budgets.latency = latency.GetDouble("seconds", 1e-9, 1e6);
    budgets.latency_table = latency.GetString("table");
  }
  return budgets;
}

EvolutionOptions EvolutionFromConfig(const base::Config& config) {
  EvolutionOptions evolution;
  evolution.evaluations = config.GetInt("evaluations", evolution.evaluations, 1, INT64_MAX);
  evolution.population = static_cast<int>(config.GetInt("population", evolution.population, 1, 1 << 20));
  evolution.channel_scales = config.GetDoubles("channel_scales", evolution.channel_scales, 0.01, 100);
  evolution.bottleneck_ratios = config.GetDoubles("bottleneck_ratios", evolution.bottleneck_ratios, 0.01, 100);
  if (evolution.channel_scales.empty() || evolution.bottleneck_ratios.empty()) {
    throw base::UsageError("an empty list of scales or ratios", config.Where(), "list at least one number");
  }
  return evolution;
}

// A network as a file name or written out.
std::optional<Candidate> StartFromConfig(const base::Config& config, const DesignProblem& problem) {
  if (config.IsNull("start")) return std::nullopt;
  const std::string where = config.Where("start");
  return ToCandidate(problem, config.IsMap("start") ? NetworkFromConfig(config.Section("start")) : LoadNetwork(config.GetPath("start")),
                     where);
}

SolverOptions SolverFromConfig(const base::Config& config, const DesignProblem& problem) {
  SolverOptions solver;
  solver.name = config.GetString("name", solver.name);
  solver.seed = static_cast<uint64_t>(config.GetInt("seed", 0, 0, INT64_MAX));
  solver.time_limit_seconds = config.GetOptionalDouble("time_limit_seconds", 0.01, 1e6);
  if (config.Has("work_limit") || solver.time_limit_seconds) solver.work_limit = config.GetOptionalDouble("work_limit", 1e-3, 1e6);
  solver.threads = static_cast<int>(config.GetInt("threads", solver.threads, 1, 1024));
  solver.gap = config.GetDouble("gap", solver.gap, 0, 1);
  solver.start = StartFromConfig(config, problem);
  solver.evolution = EvolutionFromConfig(config.Section("evolution"));
  return solver;
}

// Kernels that fit the maps of their block (Rules::kernel_within_map).
void DropWideKernels(DesignProblem& problem) {
  Extent size{problem.input.frames, problem.input.height, problem.input.width};
  for (BlockVariables& block : problem.blocks) {
    const int smallest = block.kernels.front().side;
    std::erase_if(block.kernels,
                  [&](const KernelChoice& kernel) { return kernel.side != smallest && 1.5 * kernel.side > std::min(size.h, size.w); });
    size = OutputSize(size, Square(block.stride));
  }
}

// Every number at its lower end.
NetworkSpec SmallestNetwork(const DesignProblem& problem, const std::string& where) {
  Candidate smallest;
  for (const BlockVariables& block : problem.blocks) {
    smallest.blocks.push_back({block.kernels.front(), block.depth.low, block.out_channels.low, block.bottleneck_channels.low});
  }
  const NetworkSpec network = ToNetwork(problem, smallest);
  Validate(network, where);
  if (problem.budgets.latency_model) CheckHasLatency(network, where);
  return network;
}

// Stem, stages and tail.
std::vector<BlockVariables> BlocksFromConfig(const base::Config& config, int channel_multiple) {
  std::vector<BlockVariables> blocks{StemFromConfig(config.Section("stem"), channel_multiple)};
  const std::vector<base::Config> stages = config.Sections("stages");
  for (const base::Config& stage : stages) blocks.push_back(StageFromConfig(stage, channel_multiple));
  if (stages.empty() || stages.size() > kMaxStages) {
    throw base::UsageError(fmt::format("{} stages", stages.size()), config.Where("stages"), fmt::format("list 1 to {}", kMaxStages));
  }
  if (!config.IsNull("tail")) blocks.push_back(TailFromConfig(config.Section("tail")));
  return blocks;
}

}  // namespace

DesignProblem ProblemFromConfig(const base::Config& config) {
  DesignProblem problem;
  const int64_t version = config.GetInt("version", 1, 1000);
  if (version != DesignProblem::kVersion) {
    throw base::UsageError(fmt::format("problem version {}", version), config.Where("version"),
                           fmt::format("this program reads version {}", DesignProblem::kVersion));
  }
  problem.name = config.GetString("name", problem.name);
  problem.formulation = &FindFormulation(config.GetString("formulation", problem.formulation->name), config.Where("formulation"));
  const base::Config input = config.Section("input");
  problem.input.channels = static_cast<int>(input.GetInt("channels", 3, 1, 1024));
  problem.input.height = static_cast<int>(input.GetInt("height", 224, 1, 65536));
  problem.input.width = static_cast<int>(input.GetInt("width", 224, 1, 65536));
  problem.input.frames = static_cast<int>(input.GetInt("frames", 1, 1, 4096));
  problem.channel_multiple = static_cast<int>(config.GetInt("channel_multiple", 8, 1, 1024));

  problem.blocks = BlocksFromConfig(config, problem.channel_multiple);
  problem.rules = RulesFromConfig(config.Section("rules"));
  problem.budgets = BudgetsFromConfig(config.Section("budgets"), *problem.formulation);
  if (problem.rules.kernel_within_map) DropWideKernels(problem);

  problem.head = HeadFromConfig(config.Section("head"));

  const NetworkSpec smallest = SmallestNetwork(problem, config.Where());
  const int stages = PlaceBlocks(smallest).back().stage + 1;
  if (SaysAuto(config.Section("budgets"), "effectiveness")) problem.budgets.effectiveness = AutomaticEffectiveness(smallest);
  const base::Config objective = config.Section("objective");
  problem.objective = DefaultObjective(*problem.formulation, stages);
  problem.objective.stage_weights = SaysAuto(objective, "stage_weights")
                                        ? AutomaticStageWeights(stages)
                                        : objective.GetDoubles("stage_weights", problem.objective.stage_weights, 0, 1e6);
  if (static_cast<int>(problem.objective.stage_weights.size()) != stages) {
    throw base::UsageError(fmt::format("{} stage weights for {} stages", problem.objective.stage_weights.size(), stages),
                           objective.Where("stage_weights"), "a new stage starts at each stride of 2 behind the first block");
  }
  problem.objective.depth_penalty = objective.GetDouble("depth_penalty", problem.objective.depth_penalty, 0, 1e9);
  problem.objective.depth_term =
      DepthTermFromName(objective.GetString("depth_term", DepthTermName(problem.objective.depth_term)), objective.Where("depth_term"));
  if (problem.objective.depth_penalty == 0) problem.objective.depth_term = DepthTerm::kNone;  // 0 * exp(a large variance) is no number
  problem.solver = SolverFromConfig(config.Section("solver"), problem);
  return problem;
}

DesignProblem LoadProblem(const std::string& path, const std::vector<std::string>& overrides) {
  base::Config config = base::Config::FromFile(path);
  for (const std::string& assignment : overrides) config.Override(assignment);
  DesignProblem problem = ProblemFromConfig(config);
  config.CheckAllRead();
  return problem;
}

bool BlockVariables::HoldsOneChoice() const {
  const auto one = [](const Range& range) { return range.low == range.high; };
  return kernels.size() == 1 && one(depth) && one(out_channels) && one(bottleneck_channels);
}

std::string BlockKey(const DesignProblem& problem, size_t block) {
  if (block == 0) return "stem";
  return problem.blocks[block].is_stage ? fmt::format("stages.{}", block - 1) : "tail";
}

NetworkSpec ToNetwork(const DesignProblem& problem, const Candidate& candidate) {
  NetworkSpec spec;
  spec.name = problem.name;
  spec.input = problem.input;
  spec.head = problem.head;
  for (size_t i = 0; i < problem.blocks.size(); ++i) {
    const BlockVariables& variables = problem.blocks[i];
    const BlockChoice& choice = candidate.blocks[i];
    BlockSpec block;
    block.type = variables.type;
    block.depth = choice.depth;
    block.kernel = choice.kernel.side;
    block.kernel_t = choice.kernel.time;
    if (choice.kernel.bits.Quantised()) {
      block.activation_bits = {choice.kernel.bits.activation};
      block.weight_bits = {choice.kernel.bits.weight};
    }
    block.stride = variables.stride;
    block.out_channels = choice.out_channels;
    block.bottleneck_channels = choice.bottleneck_channels;
    block.activation = variables.activation;
    block.se_ratio = variables.se_ratio;
    block.shortcut = variables.shortcut;
    block.layer_scale = variables.layer_scale;
    spec.blocks.push_back(block);
  }
  return spec;
}

Candidate ToCandidate(const DesignProblem& problem, const NetworkSpec& network, const std::string& where) {
  if (network.blocks.size() != problem.blocks.size()) {
    throw base::UsageError(fmt::format("{} has {} blocks, {} asks for a stem, {} stages{}", network.name, network.blocks.size(),
                                       problem.name, problem.Stages(), problem.HasTail() ? " and a tail" : ""),
                           where, "give a network of the problem's own blocks");
  }
  Candidate candidate;
  for (size_t i = 0; i < problem.blocks.size(); ++i) {
    const BlockSpec& block = network.blocks[i];
    const BlockVariables& variables = problem.blocks[i];
    if (!variables.is_stage) {
      candidate.blocks.push_back({variables.kernels.front(), 1, block.out_channels, 0});
      continue;
    }
    if (block.type != variables.type || block.stride != variables.stride) {
      throw base::UsageError(fmt::format("block {} of {} is a {} of stride {}, stage {} a {} of stride {}", i, network.name, block.type,
                                         block.stride, i - 1, variables.type, variables.stride),
                             where, "give a network of the problem's own blocks");
    }
    const KernelChoice kernel{block.kernel, block.kernel_t, FormOf(block, FindBlockType(block.type)).bits};
    candidate.blocks.push_back({kernel, block.depth, block.out_channels, block.bottleneck_channels});
  }
  return candidate;
}

}  // namespace deepmad::mad
