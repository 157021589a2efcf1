#include "mad/nlopt_adapter.h"

#include <algorithm>
#include <cmath>
#include <nlopt.hpp>

namespace deepmad::mad {
namespace {

struct CallbackState {
  const SmoothProblem* problem;
  int evaluations = 0;
  std::vector<double> values, jacobian;
};

double Objective(const std::vector<double>& x, std::vector<double>& gradient, void* data) {
  auto* state = static_cast<CallbackState*>(data);
  ++state->evaluations;
  return state->problem->objective(x, gradient);
}

void Constraints(unsigned count, double* result, unsigned variables, const double* x, double* gradient, void* data) {
  auto* state = static_cast<CallbackState*>(data);
  state->values.assign(count, 0);
  state->jacobian.assign(gradient ? static_cast<size_t>(count) * variables : 0, 0);
  state->problem->constraint_values(std::vector<double>(x, x + variables), state->values, state->jacobian);
  std::copy(state->values.begin(), state->values.end(), result);
  if (gradient) std::copy(state->jacobian.begin(), state->jacobian.end(), gradient);
}

Termination FromCode(nlopt::result code) {
  switch (code) {
    case nlopt::SUCCESS:
    case nlopt::STOPVAL_REACHED:
    case nlopt::FTOL_REACHED:
    case nlopt::XTOL_REACHED:
      return Termination::kConverged;
    case nlopt::MAXEVAL_REACHED:
      return Termination::kEvaluationLimit;
    case nlopt::MAXTIME_REACHED:
      return Termination::kTimeLimit;
    default:
      return Termination::kFailed;
  }
}

}  // namespace

const char* TerminationName(Termination termination) {
  switch (termination) {
    case Termination::kNotRun:
      return "not run";
    case Termination::kConverged:
      return "converged";
    case Termination::kEvaluationLimit:
      return "evaluation limit";
    case Termination::kTimeLimit:
      return "time limit";
    case Termination::kRoundoffLimited:
      return "roundoff limited";
    case Termination::kFailed:
      return "failed";
  }
  return "unknown";
}

SmoothResult MaximiseSlsqp(const SmoothProblem& problem, std::vector<double> start, const SmoothOptions& options) {
  SmoothResult result;
  for (size_t i = 0; i < start.size(); ++i) start[i] = std::clamp(start[i], problem.lower[i], problem.upper[i]);
  result.x = start;
  CallbackState state{&problem, 0, {}, {}};
  try {
    nlopt::opt optimizer(nlopt::LD_SLSQP, static_cast<unsigned>(start.size()));
    optimizer.set_lower_bounds(problem.lower);
    optimizer.set_upper_bounds(problem.upper);
    optimizer.set_max_objective(&Objective, &state);
    const std::vector<double> tolerance(static_cast<size_t>(problem.constraints), options.constraint_tolerance);
    if (problem.constraints > 0) optimizer.add_inequality_mconstraint(&Constraints, &state, tolerance);
    optimizer.set_ftol_rel(options.relative_tolerance);
    optimizer.set_xtol_rel(options.relative_tolerance);
    optimizer.set_maxeval(options.max_evaluations);
    optimizer.set_maxtime(options.max_seconds);
    result.termination = FromCode(optimizer.optimize(result.x, result.objective));
  } catch (const nlopt::roundoff_limited&) {
    result.termination = Termination::kRoundoffLimited;
  } catch (const std::exception&) {  // nlopt throws runtime_error for a failure and bad_alloc or invalid_argument for its own checks
    result.termination = Termination::kFailed;
  }
  result.evaluations = state.evaluations;
  const bool finite = std::all_of(result.x.begin(), result.x.end(), [](double value) { return std::isfinite(value); });
  if (!finite) {
    result.x = start;
    result.termination = Termination::kFailed;
  }
  return result;
}

}  // namespace deepmad::mad
