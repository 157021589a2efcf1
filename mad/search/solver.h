// Solvers of design problems, registered by name.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/registry.h"
#include "mad/search/candidate_evaluator.h"
#include "mad/search/work.h"

namespace deepmad::mad {

// What ended a solve.
enum class EndedBy {
  kGap,     // the proof: the bound is within the gap that the problem asks for
  kWork,    // solver.work_limit
  kTime,    // solver.time_limit_seconds: the answer may depend on the machine's speed
  kSearch,  // the search itself, of a solver that proves nothing here
};
const char* EndedByName(EndedBy ended_by);  // as in report.json

struct Solution {
  Candidate candidate;  // the best found; the least excessive one where nothing feasible was found
  Measures measures;
  bool found = false;  // some admitted candidate exists in `candidate`
  EndedBy ended_by = EndedBy::kSearch;
  Ticks work = 0;
  // No admitted structure within the budgets has a larger objective; empty where the solver proves nothing.
  std::optional<double> upper_bound;
  bool proven_optimal = false;     // upper_bound is within the gap that the problem asks for
  bool proven_infeasible = false;  // there is no admitted structure within the budgets
  int64_t evaluations = 0;         // of structures
  int64_t bound_nodes = 0;         // boxes of structures that the proof looked at
  int64_t bound_evaluations = 0;
  std::string relaxation;  // how the continuous solve ended, for the report
};

class Solver {
 public:
  virtual ~Solver() = default;
  // Requires tight ranges (mad/problem/feasibility.h). A function of the problem and its seed unless the time ended it.
  virtual Solution Solve(const DesignProblem& problem) = 0;
};

using SolverRegistry = base::Registry<std::unique_ptr<Solver>()>;

}  // namespace deepmad::mad

namespace deepmad::base {
template <>
const char* mad::SolverRegistry::kind();
}  // namespace deepmad::base
