#include "tests/mad/only_structure.h"

#include <fmt/format.h>

#include <cstdlib>

#include "mad/latency/latency_model.h"
#include "mad/report/design_report.h"
#include "tests/mad/made_latency_table.h"
#include "tests/mad/random_structures.h"

namespace deepmad::mad {
namespace {

constexpr double kLowered = 1e-9;  // of a budget
constexpr const char* kAmount = " by 1e-07 %";

// Null where the table does not know the network's layers.
std::shared_ptr<const LatencyModel> ModelFor(const NetworkSpec& network) {
  static const auto model = std::make_shared<const LatencyModel>(MadeLatencyTable(), "float32", 1, "made");
  try {
    CheckHasLatency(network, "");
    model->Milliseconds(network);
    return model;
  } catch (const base::Error&) {
    return nullptr;
  }
}

BlockVariables StageOf(const BlockSpec& block, int more) {
  const BlockType& type = FindBlockType(block.type);
  const auto range = [](int value, int added) { return Range{value, value + added}; };
  BlockVariables stage;
  stage.type = block.type;
  stage.stride = block.stride;
  stage.kernels = {KernelChoice(block.kernel, block.kernel_t, FormOf(block, type).bits)};
  stage.depth = range(block.depth, type.traits.repeats ? more : 0);
  stage.out_channels = range(block.out_channels, 0);
  if (type.traits.has_bottleneck) stage.bottleneck_channels = range(block.bottleneck_channels, more);
  stage.activation = block.activation;
  stage.se_ratio = block.se_ratio;
  stage.shortcut = block.shortcut;
  stage.layer_scale = block.layer_scale;
  return stage;
}

// The number as a user copies it from report.json into a problem.
double Printed(const base::Json& report, const char* budget) {
  return std::strtod(fmt::format("{:.17g}", report.at("budgets").at(budget).at("used").get<double>()).c_str(), nullptr);
}

std::vector<BudgetInfo> BudgetsOf(const DesignProblem& problem) {
  std::vector<BudgetInfo> budgets;
  for (const Budget budget : kEveryBudget) {
    if (IsKnown(budget, problem)) budgets.push_back(kBudgetInfos[budget]);
  }
  return budgets;
}

// What is wrong with the answer to a problem whose structure is over `budget` by kLowered; empty where nothing is.
std::string FaultOfRefusal(const DesignProblem& problem, const std::string& budget) {
  try {
    Design(problem);
  } catch (const base::Error& error) {
    const std::string message = error.what();
    const size_t over = message.find(" over the budget of ");
    const bool one = over != std::string::npos && message.find(" over the budget of ", over + 1) == std::string::npos;
    const bool named = message.find(" has " + budget + " ") != std::string::npos && message.find(kAmount) != std::string::npos;
    return error.kind() == base::ErrorKind::kInfeasible && one && named ? "" : message;
  }
  return "a design";
}

}  // namespace

DesignProblem ProblemAround(const NetworkSpec& network, const Formulation& formulation, Ranges ranges) {
  DesignProblem problem = NeutralProblem(network, formulation);
  const BlockSpec& stem = network.blocks.front();
  problem.blocks = {StageOf(stem, 0)};
  problem.blocks[0].is_stage = false;
  for (size_t i = 1; i < network.blocks.size(); ++i) {
    problem.blocks.push_back(StageOf(network.blocks[i], ranges == Ranges::kWider ? 1 : 0));
  }
  problem.channel_multiple = 1;
  problem.rules = {.non_decreasing_width = false, .out_over_in_max = 0, .bottleneck_over_out_min = 0, .bottleneck_over_out_max = 1e6};
  return problem;
}

EdgeOutcome SolveAtTheEdge(const NetworkSpec& network, const Formulation& formulation, Ranges ranges) {
  EdgeOutcome outcome;
  DesignProblem problem = ProblemAround(network, formulation, ranges);
  const NetworkSpec own = ToNetwork(problem, ToCandidate(problem, network));
  problem.budgets.latency_model = ModelFor(own);
  const base::Json report = AssessmentJson(problem, Assess(problem, own));
  for (const BudgetInfo& budget : BudgetsOf(problem)) problem.budgets.*budget.limit = Printed(report, budget.name);
  ++outcome.designs;
  try {
    const DesignResult result = Design(problem);
    if (!(result.network == own)) outcome.faults.push_back("another structure");
    if (result.status != DesignStatus::kOptimalWithinGap) outcome.faults.push_back(DesignStatusName(result.status));
  } catch (const std::exception& error) {
    outcome.faults.push_back(error.what());
  }
  for (const BudgetInfo& budget : BudgetsOf(problem)) {
    DesignProblem lowered = problem;
    lowered.budgets.*budget.limit = *(problem.budgets.*budget.limit) * (1 - kLowered);
    ++outcome.designs;
    const std::string fault = FaultOfRefusal(lowered, budget.name);
    if (!fault.empty()) outcome.faults.push_back(fmt::format("{} lowered: {}", budget.name, fault));
  }
  return outcome;
}

NetworkSpec NetworkOfNumber(uint64_t number) {
  return RandomStructure(number, {.quantised = number % 3 == 0, .features = true, .max_depth = 6, .max_channels = 200});
}

const Formulation& FormulationOfNumber(uint64_t number) {
  const std::vector<std::string> names = FormulationNames();
  return FindFormulation(names[number % names.size()], "");
}

}  // namespace deepmad::mad
