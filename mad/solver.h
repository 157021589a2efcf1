// Solvers of design problems, registered by name.
#pragma once

#include <memory>
#include <string>

#include "base/registry.h"
#include "mad/evaluator.h"

namespace deepmad::mad {

struct Solution {
  Candidate candidate;  // the best found; the least excessive one where nothing feasible was found
  Measures measures;
  bool found = false;         // some admitted candidate exists in `candidate`
  bool time_limited = false;  // the time limit cut the search short: the answer may depend on the machine's speed
  int64_t evaluations = 0;
  std::string relaxation;  // how the continuous solve ended, for the report
};

class Solver {
 public:
  virtual ~Solver() = default;
  // Requires tight ranges (mad/admitted.h). Deterministic for the problem's seed unless time_limited.
  virtual Solution Solve(const DesignProblem& problem) = 0;
};

using SolverRegistry = base::Registry<std::unique_ptr<Solver>()>;

}  // namespace deepmad::mad

namespace deepmad::base {
template <>
const char* mad::SolverRegistry::kind();
}  // namespace deepmad::base
