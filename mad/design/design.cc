#include "mad/design/design.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "mad/problem/budget_tolerance.h"
#include "mad/problem/feasibility.h"

namespace deepmad::mad {
namespace {

// "0.30000000012 over the budget of 0.3 by 4e-08 %": with as many digits as tell the two apart.
std::string OverText(double used, double limit) {
  std::string used_text, limit_text;
  for (int digits = 5; digits <= 17 && used_text == limit_text; ++digits) {
    used_text = fmt::format("{:.{}g}", used, digits);
    limit_text = fmt::format("{:.{}g}", limit, digits);
  }
  return fmt::format("{} over the budget of {} by {:.3g} %", used_text, limit_text, 100 * (used / limit - 1));
}

DesignStatus StatusOf(const Solution& solution) {
  if (solution.proven_optimal) return DesignStatus::kOptimalWithinGap;
  switch (solution.ended_by) {
    case EndedBy::kWork:
      return DesignStatus::kWorkLimit;
    case EndedBy::kTime:
      return DesignStatus::kTimeLimit;
    default:
      return DesignStatus::kFeasible;
  }
}

// What helps where no structure was found: a limit that cut the search short may be raised too.
std::string RemedyFor(const Solution& solution) {
  const std::string remedy = "raise the budget, or widen the width, depth and kernel ranges";
  if (solution.proven_infeasible) return remedy;
  if (solution.ended_by == EndedBy::kWork) return remedy + ", or raise solver.work_limit";
  return solution.ended_by == EndedBy::kTime ? remedy + ", or raise solver.time_limit_seconds" : remedy;
}

std::string Join(const std::vector<Violation>& violations) { return fmt::format("{}", fmt::join(ViolationTexts(violations), "; ")); }

// Even the cheapest structure may be over a budget; then no search is needed to say so.
void CheckSmallest(const DesignProblem& problem) {
  const Candidate smallest = SmallestCandidate(problem);
  if (!IsAdmitted(problem, smallest)) return;
  std::vector<Violation> violations = Assess(problem, ToNetwork(problem, smallest)).violations;
  std::erase_if(violations, [](const Violation& violation) { return !kBudgetInfos[violation.budget].least_at_smallest; });
  if (!violations.empty()) {
    throw base::InfeasibleError("no structure keeps the budgets: even the smallest has " + Join(violations), problem.name,
                                "raise the budget, or lower the ends of the width, depth and kernel ranges");
  }
}

}  // namespace

const char* DesignStatusName(DesignStatus status) {
  switch (status) {
    case DesignStatus::kNotRun:
      return "not_run";
    case DesignStatus::kOptimalWithinGap:
      return "optimal_within_gap";
    case DesignStatus::kFeasible:
      return "feasible";
    case DesignStatus::kInfeasible:
      return "infeasible";
    case DesignStatus::kTimeLimit:
      return "time_limit";
    case DesignStatus::kWorkLimit:
      return "work_limit";
  }
  return "unknown";
}

const char* EndedByName(EndedBy ended_by) {
  switch (ended_by) {
    case EndedBy::kGap:
      return "gap";
    case EndedBy::kWork:
      return "work";
    case EndedBy::kTime:
      return "time";
    case EndedBy::kSearch:
      return "search";
  }
  return "unknown";
}

std::vector<std::string> ViolationTexts(const std::vector<Violation>& violations) {
  std::vector<std::string> texts;
  for (const Violation& violation : violations) {
    texts.push_back(std::string(kBudgetInfos[violation.budget].name) + " " + OverText(violation.used, violation.limit));
  }
  return texts;
}

Assessment Assess(const DesignProblem& problem, const NetworkSpec& network) {
  Assessment assessment;
  const ScoreLayout layout = MakeScoreLayout(network, *problem.formulation);
  if (layout.stages != static_cast<int>(problem.objective.stage_weights.size())) {
    throw base::UsageError(
        fmt::format("{} stage weights for the {} stages of {}", problem.objective.stage_weights.size(), layout.stages, network.name),
        problem.name, "a new stage starts at each stride of 2 behind the first block");
  }
  assessment.cost = Cost(network);
  const std::vector<BlockTotals<double>> totals = CountBlocks(network, problem.budgets.latency_model.get());
  assessment.score = ScoreStructure(totals, layout, *problem.formulation, problem.objective);
  for (const Budget budget : kEveryAdditive) {
    for (const BlockTotals<double>& block : totals) assessment.used[budget] += Amount(budget, problem, block);
    const HeadAmount head = AmountOfHead(budget, problem, network);
    assessment.used[budget] += head.per_channel * network.blocks.back().out_channels + head.constant;
  }
  for (const StageScore<double>& stage : assessment.score.stages) {
    assessment.used[kEffectiveness] = std::max(assessment.used[kEffectiveness], stage.effectiveness);
  }
  for (const Budget budget : kEveryBudget) {
    const std::optional<double>& limit = Limit(problem, budget);
    const double used = assessment.used[budget];
    if (limit && used > MostAllowed(*limit)) assessment.violations.push_back({budget, used, *limit});
  }
  return assessment;
}

std::optional<double> DesignResult::Gap() const {
  if (!upper_bound) return std::nullopt;
  const double objective = assessment.score.objective;
  return std::max(0.0, *upper_bound - objective) / std::max(std::abs(objective), 1e-300);
}

DesignResult Design(const DesignProblem& problem) {
  if (problem.budgets.latency) {
    throw base::UsageError(
        fmt::format("budgets.latency needs the latency table '{}', which is not published", problem.budgets.latency_table), problem.name,
        "remove budgets.latency, or bound flops and layers instead");
  }
  const auto start = std::chrono::steady_clock::now();
  const DesignProblem tight = WithTightRanges(problem);
  CheckSmallest(tight);
  const std::unique_ptr<Solver> solver = SolverRegistry::Get().Create(problem.solver.name);
  const Solution solution = solver->Solve(tight);
  if (!solution.found) {
    throw base::InfeasibleError(solution.proven_infeasible ? "proven that no structure keeps the rules and budgets"
                                                           : "no structure found that keeps the width rules",
                                problem.name, "relax rules.bottleneck_over_out or widen the ranges");
  }

  DesignResult result;
  result.network = ToNetwork(problem, solution.candidate);
  result.assessment = Assess(problem, result.network);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  result.evaluations = solution.evaluations;
  result.work = static_cast<double>(solution.work) / kTicksAUnit;
  result.ended_by = solution.ended_by;
  result.relaxation = solution.relaxation;
  result.upper_bound = solution.upper_bound;
  result.bound_nodes = solution.bound_nodes;
  result.bound_evaluations = solution.bound_evaluations;
  if (!result.assessment.violations.empty()) {
    const std::string what = solution.proven_infeasible ? "proven that no structure keeps the budgets: the closest found has "
                                                        : "no structure found that keeps the budgets: the closest has ";
    throw base::InfeasibleError(what + Join(result.assessment.violations), problem.name, RemedyFor(solution));
  }
  result.status = StatusOf(solution);
  return result;
}

}  // namespace deepmad::mad
