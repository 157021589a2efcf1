// The only place that knows NLopt: smooth constrained maximisation, NLopt's exceptions and codes turned into a termination.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace deepmad::mad {

// maximise f(x) subject to g(x) <= 0 and lower <= x <= upper. Empty gradient: none wanted. jacobian: row-major [constraints, variables].
struct SmoothProblem {
  std::vector<double> lower;
  std::vector<double> upper;
  int constraints = 0;
  std::function<double(const std::vector<double>& x, std::vector<double>& gradient)> objective;
  std::function<void(const std::vector<double>& x, std::vector<double>& values, std::vector<double>& jacobian)> constraint_values;
};

struct SmoothOptions {
  double relative_tolerance = 1e-9;    // of f and of x
  double constraint_tolerance = 1e-9;  // of g
  int max_evaluations = 500;
  double max_seconds = 10;
};

enum class Termination {
  kNotRun,
  kConverged,
  kEvaluationLimit,
  kTimeLimit,
  kRoundoffLimited,  // the answer may still be used: no further progress within rounding
  kFailed,           // it may not
};
const char* TerminationName(Termination termination);

struct SmoothResult {
  Termination termination = Termination::kNotRun;
  std::vector<double> x;
  double objective = 0;
  int evaluations = 0;
};

// SLSQP (Kraft 1988) from `start`, which is clamped into the bounds.
SmoothResult MaximiseSlsqp(const SmoothProblem& problem, std::vector<double> start, const SmoothOptions& options = {});

}  // namespace deepmad::mad
