#include "mad/report/design_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/progress.h"
#include "mad/cost/layer_table.h"
#include "mad/design/binding.h"

namespace deepmad::mad {
namespace {

base::Json BudgetJson(double used, const std::optional<double>& limit) {
  base::Json json;
  json["limit"] = limit ? base::Json(*limit) : base::Json(nullptr);
  json["used"] = used;
  json["share"] = limit ? base::Json(used / *limit) : base::Json(nullptr);
  return json;
}

std::string BudgetLine(const std::string& name, double used, const std::optional<double>& limit, const std::string& unit) {
  const auto number = [](double value) { return value < 1000 ? fmt::format("{:.4g}", value) : base::FormatCount(value); };
  if (!limit) return fmt::format("  {:<14} {:>10}  {:>10}  {:>7}  {}\n", name, "-", number(used), "", unit);
  return fmt::format("  {:<14} {:>10}  {:>10}  {:>6.2f}%  {}\n", name, number(*limit), number(used), 100 * used / *limit, unit);
}

std::string SizeText(const Extent& size) {
  return size.t > 1 ? fmt::format("{}x{}x{}", size.t, size.h, size.w) : fmt::format("{}x{}", size.h, size.w);
}

}  // namespace

base::Json AssessmentJson(const DesignProblem& problem, const Assessment& assessment) {
  base::Json json;
  json["formulation"] = problem.formulation->name;
  json["flops_convention"] = FlopsConventionName(problem.budgets.flops_convention);
  json["objective"] = assessment.score.objective;
  base::Json stages = base::Json::array(), effectiveness = base::Json::array();
  for (const StageScore<double>& stage : assessment.score.stages) {
    stages.push_back(stage.entropy);
    effectiveness.push_back(stage.effectiveness);
  }
  json["entropy"] = {{"stages", stages}, {"weighted", assessment.score.weighted_entropy}};
  json["depth_penalty"] = assessment.score.depth_penalty;
  json["effectiveness"] = assessment.used[kEffectiveness];
  json["effectiveness_stages"] = effectiveness;
  json["flops"] = assessment.used[kFlops];
  json["macs"] = assessment.cost.macs;
  json["params"] = assessment.cost.params;
  json["params_backbone"] = assessment.cost.params_backbone;
  json["layers"] = assessment.cost.layers;
  base::Json budgets;
  for (const Budget budget : kEveryBudget) {
    if (IsKnown(budget, problem)) budgets[kBudgetInfos[budget].name] = BudgetJson(assessment.used[budget], Limit(problem, budget));
  }
  json["budgets"] = budgets;
  json["violations"] = ViolationTexts(assessment.violations);
  return json;
}

base::Json DesignReportJson(const DesignProblem& problem, const DesignResult& result, const std::string& problem_file) {
  base::Json json;
  json["version"] = 1;
  json["problem"] = problem_file;
  json["network"] = "network.yaml";
  json["status"] = DesignStatusName(result.status);
  const base::Json facts = AssessmentJson(problem, result.assessment);
  for (const auto& [key, value] : facts.items()) {
    if (key == "violations") continue;
    json[key] = value;
    if (key == "objective") {
      const std::optional<double> gap = result.Gap();
      json["upper_bound"] = result.upper_bound ? base::Json(*result.upper_bound) : base::Json(nullptr);
      json["gap"] = gap ? base::Json(*gap) : base::Json(nullptr);
    }
  }
  const Binding binding = WhatBinds(problem, result.network);
  json["binding"] = {{"budgets", binding.budgets}, {"unused", binding.unused}, {"ranges", binding.ranges}, {"rules", binding.rules}};
  json["ended_by"] = EndedByName(result.ended_by);
  json["work"] = result.work;
  json["solve_seconds"] = result.seconds;
  json["evaluations"] = result.evaluations;
  json["bound_nodes"] = result.bound_nodes;
  json["bound_evaluations"] = result.bound_evaluations;
  json["relaxation"] = result.relaxation;
  json["seed"] = problem.solver.seed;
  json["violations"] = facts["violations"];
  return json;
}

base::Json LayerTableJson(const NetworkSpec& network) {
  base::Json table = base::Json::array();
  for (const LayerRow& row : LayerRows(network)) {
    base::Json json;
    json["name"] = row.name;
    json["block"] = row.block;
    json["kernel"] = {row.kernel.t, row.kernel.h, row.kernel.w};
    json["stride"] = {row.stride.t, row.stride.h, row.stride.w};
    json["in_channels"] = row.in_channels;
    json["out_channels"] = row.out_channels;
    json["depthwise"] = row.depthwise;
    if (row.bits.Quantised()) json["bits"] = {{"activation", row.bits.activation}, {"weight", row.bits.weight}};
    json["out_size"] = {row.out_size.t, row.out_size.h, row.out_size.w};
    json["params"] = row.params;
    json["macs"] = row.macs;
    json["receptive_field"] = row.receptive_field;
    table.push_back(json);
  }
  return table;
}

std::string StageTable(const NetworkSpec& network) {
  std::string text = fmt::format("  {:<5} {:<5} {:<17} {:>5} {:>6} {:>6} {:>10} {:>8} {:>9}  {:>9} {:>9}\n", "block", "stage", "type",
                                 "depth", "kernel", "stride", "bottleneck", "out", "map", "params", "MACs");
  const std::vector<BlockTotals<double>> totals = CountBlocks(network);
  for (const PlacedBlock& block : PlaceBlocks(network)) {
    const BlockTotals<double>& total = totals[static_cast<size_t>(block.index)];
    const BlockSpec& spec = *block.spec;
    text += fmt::format("  {:<5} {:<5} {:<17} {:>5} {:>6} {:>6} {:>10} {:>8} {:>9}  {:>9} {:>9}\n", block.index, block.stage, spec.type,
                        spec.depth, KernelText(spec), spec.stride,
                        spec.bottleneck_channels > 0 ? std::to_string(spec.bottleneck_channels) : "-", spec.out_channels,
                        SizeText(block.out_size), base::FormatCount(total.params), base::FormatCount(total.macs));
  }
  const int channels = network.blocks.back().out_channels;
  if (!network.head.IsClassifier()) return text;
  text += fmt::format("  {:<5} {:<5} {:<17} {:>5} {:>6} {:>6} {:>10} {:>8} {:>9}  {:>9} {:>9}\n", "head", "", network.head.type, "", "", "",
                      "", network.head.classes, "1x1", base::FormatCount(HeadParams(channels, network.head)),
                      base::FormatCount(HeadMacs(channels, network.head)));
  return text;
}

std::string BudgetTable(const DesignProblem& problem, const Assessment& assessment) {
  std::string text = fmt::format("  {:<14} {:>10}  {:>10}  {:>7}\n", "", "budget", "used", "share");
  for (const Budget budget : kEveryBudget) {
    if (!IsKnown(budget, problem)) continue;
    text += BudgetLine(kBudgetInfos[budget].label, assessment.used[budget], Limit(problem, budget), UnitOf(budget, problem));
  }
  return text;
}

std::string DesignTable(const DesignProblem& problem, const DesignResult& result) {
  const Score<double>& score = result.assessment.score;
  std::string text =
      fmt::format("{}: {} ({} formulation, work {:.3g}, {:.2f} s, {} evaluations)\n", problem.name, DesignStatusName(result.status),
                  problem.formulation->name, result.work, result.seconds, base::FormatCount(static_cast<double>(result.evaluations))) +
      StageTable(result.network) + BudgetTable(problem, result.assessment) +
      fmt::format("  objective {:.3f} = weighted entropy {:.3f} - depth penalty {:.3f}\n", score.objective, score.weighted_entropy,
                  score.depth_penalty);
  if (result.upper_bound) {
    text += fmt::format("  no structure within the budgets exceeds {:.3f}: at most {:.3g} % better (proven, {} boxes)\n",
                        *result.upper_bound, 100 * *result.Gap(), base::FormatCount(static_cast<double>(result.bound_nodes)));
  }
  return text + BindingText(problem, result.assessment, WhatBinds(problem, result.network));
}

std::string LayerTable(const NetworkSpec& network) {
  double all_macs = 0;
  const std::vector<LayerRow> rows = LayerRows(network);
  size_t name_width = 5;
  for (const LayerRow& row : rows) {
    all_macs += row.macs;
    name_width = std::max(name_width, row.name.size());
  }
  std::string text = fmt::format("  {:<{}} {:>6} {:>6} {:>6} {:>6} {:>10} {:>9} {:>9} {:>6} {:>6}\n", "layer", name_width, "kernel",
                                 "stride", "in", "out", "map", "params", "MACs", "share", "field");
  for (const LayerRow& row : rows) {
    text +=
        fmt::format("  {:<{}} {:>6} {:>6} {:>6} {:>6} {:>10} {:>9} {:>9} {:>5.1f}% {:>6}{}\n", row.name, name_width,
                    fmt::format("{}{}", SizeText(row.kernel), row.depthwise ? "d" : ""), row.stride.h, row.in_channels, row.out_channels,
                    SizeText(row.out_size), base::FormatCount(row.params), base::FormatCount(row.macs), 100 * row.macs / all_macs,
                    row.receptive_field, row.bits.Quantised() ? fmt::format("  a{} w{}", row.bits.activation, row.bits.weight) : "");
  }
  return text;
}

std::string LimitsText(const SolverOptions& solver) {
  std::string text;
  if (solver.work_limit) text = fmt::format("a work limit of {0:g} (about {0:g} s)", *solver.work_limit);
  if (solver.time_limit_seconds) text += fmt::format("{}at most {:g} s", text.empty() ? "" : ", ", *solver.time_limit_seconds);
  return text.empty() ? "no limit of work or time" : text;
}

DesignProblem NeutralProblem(const NetworkSpec& network, const Formulation& formulation) {
  DesignProblem problem;
  problem.name = network.name;
  problem.formulation = &formulation;
  problem.input = network.input;
  problem.head = network.head;
  problem.budgets.flops_convention = formulation.flops_convention;
  problem.objective = DefaultObjective(formulation, MakeScoreLayout(network, formulation).stages);
  return problem;
}

}  // namespace deepmad::mad
