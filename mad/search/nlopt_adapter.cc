#include "mad/search/nlopt_adapter.h"

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

constexpr int kSubproblems = 20;  // of an augmented Lagrangian, at least, before the evaluations are used up

// A method that knows no constraints stands inside an augmented Lagrangian.
struct Method {
  Algorithm algorithm;
  const char* name;
  nlopt::algorithm outer;
  nlopt::algorithm inner = nlopt::NUM_ALGORITHMS;  // none
};
constexpr Method kMethods[] = {
    {Algorithm::kSlsqp, "slsqp", nlopt::LD_SLSQP},        {Algorithm::kMma, "mma", nlopt::LD_MMA},
    {Algorithm::kCcsa, "ccsa", nlopt::LD_CCSAQ},          {Algorithm::kAuglag, "auglag", nlopt::AUGLAG, nlopt::LD_LBFGS},
    {Algorithm::kCobyla, "cobyla", nlopt::LN_COBYLA},     {Algorithm::kIsres, "isres", nlopt::GN_ISRES},
    {Algorithm::kDirect, "direct", nlopt::GN_ORIG_DIRECT}};

const Method& Find(Algorithm algorithm) {
  return *std::find_if(std::begin(kMethods), std::end(kMethods), [&](const Method& method) { return method.algorithm == algorithm; });
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

const char* AlgorithmName(Algorithm algorithm) { return Find(algorithm).name; }

SmoothResult Maximise(const SmoothProblem& problem, std::vector<double> start, const SmoothOptions& options) {
  SmoothResult result;
  for (size_t i = 0; i < start.size(); ++i) start[i] = std::clamp(start[i], problem.lower[i], problem.upper[i]);
  result.x = start;
  CallbackState state{&problem, 0, {}, {}};
  try {
    const Method& method = Find(options.algorithm);
    const unsigned variables = static_cast<unsigned>(start.size());
    nlopt::srand(1);  // of the methods that draw
    nlopt::opt optimizer(method.outer, variables);
    if (method.inner != nlopt::NUM_ALGORITHMS) {
      nlopt::opt inner(method.inner, variables);
      inner.set_ftol_rel(options.relative_tolerance);
      inner.set_xtol_rel(options.relative_tolerance);
      inner.set_maxeval(std::max(1, options.max_evaluations / kSubproblems));
      optimizer.set_local_optimizer(inner);
    }
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
