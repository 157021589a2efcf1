// Solves a design problem and verifies the result: cost and entropy are recomputed from the finished network, unit by unit, independently
// of the solver.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mad/cost/network_cost.h"
#include "mad/objective/entropy.h"
#include "mad/problem/budget_quantity.h"
#include "mad/search/solver.h"

namespace deepmad::mad {

enum class DesignStatus { kNotRun, kOptimalWithinGap, kFeasible, kInfeasible, kTimeLimit, kWorkLimit };
const char* DesignStatusName(DesignStatus status);  // as in report.json

// A network measured against a problem: the facts of report.json.
struct Assessment {
  NetworkCost cost;
  Score<double> score;
  std::array<double, kQuantities> used{};  // as the budgets measure them (mad/problem/budget_quantity.h)
  double effectiveness = 0;                // the bounded scalar: the largest rho over the stage prefixes
  // One line per budget that is not kept: "flops 1.9e+09 over the budget of 1.82e+09 by 4.4 %". Empty for a design that may be used.
  std::vector<std::string> violations;
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
