// Solves a design problem and verifies the result: cost and entropy are recomputed from the finished network, unit by unit, independently
// of the solver.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mad/cost/network_cost.h"
#include "mad/objective/entropy.h"
#include "mad/problem/budget.h"
#include "mad/search/solver.h"

namespace deepmad::mad {

enum class DesignStatus { kNotRun, kOptimalWithinGap, kFeasible, kInfeasible, kTimeLimit, kWorkLimit };
const char* DesignStatusName(DesignStatus status);  // as in report.json

// A budget that a network does not keep.
struct Violation {
  Budget budget = kFlops;
  double used = 0, limit = 0;
};
// Returns one line each: "flops 1.9e+09 over the budget of 1.82e+09 by 4.4 %".
std::vector<std::string> ViolationTexts(const std::vector<Violation>& violations);

// A network measured against a problem: the facts of report.json.
struct Assessment {
  NetworkCost cost;
  Score<double> score;
  std::array<double, kBudgets> used{};  // as the budgets measure it; of the effectiveness the largest rho over the stage prefixes
  std::vector<Violation> violations;    // empty for a design that may be used
};
// Assesses a network. Throws UsageError unless it has as many stages (strides of 2) as problem.objective has weights.
Assessment Assess(const DesignProblem& problem, const NetworkSpec& network);

struct DesignResult {
  DesignStatus status = DesignStatus::kNotRun;
  NetworkSpec network;
  Assessment assessment;
  double seconds = 0;
  double work = 0;  // in units of solver.work_limit
  EndedBy ended_by = EndedBy::kSearch;
  std::optional<double> upper_bound;  // proven (docs/certificate.md)
  int64_t evaluations = 0;
  int64_t bound_nodes = 0;
  int64_t bound_evaluations = 0;
  std::string relaxation;  // how the continuous solve ended

  // (upper bound - objective) / |objective|.
  std::optional<double> Gap() const;
  bool IsUsable() const { return status != DesignStatus::kNotRun && status != DesignStatus::kInfeasible; }
};

// Solves the problem. Throws InfeasibleError if no structure keeps the rules and budgets, naming the budgets in the way and by how much the
// closest structure misses them.
DesignResult Design(const DesignProblem& problem);

}  // namespace deepmad::mad
