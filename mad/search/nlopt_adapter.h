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

// NLopt's methods for such problems. The solver uses kSlsqp: docs/certificate.md has what each reached on the published problems
// (tests/bench/relaxations.cc).
enum class Algorithm {
  kSlsqp,   // LD_SLSQP: sequential quadratic programming (Kraft 1988)
  kMma,     // LD_MMA: moving asymptotes (Svanberg 2002)
  kCcsa,    // LD_CCSAQ: the same with quadratic penalties
  kAuglag,  // augmented Lagrangian around L-BFGS
  kCobyla,  // LN_COBYLA: linear models, no gradients (Powell 1994)
  kIsres,   // global: GN_ISRES, an evolution strategy (Runarsson and Yao 2005); its draws are a function of nothing but the call
  kDirect,  // global: GN_ORIG_DIRECT, dividing rectangles (Jones et al. 1993)
};
inline constexpr Algorithm kAlgorithms[] = {Algorithm::kSlsqp,  Algorithm::kMma,   Algorithm::kCcsa,  Algorithm::kAuglag,
                                            Algorithm::kCobyla, Algorithm::kIsres, Algorithm::kDirect};
const char* AlgorithmName(Algorithm algorithm);

struct SmoothOptions {
  Algorithm algorithm = Algorithm::kSlsqp;
  double relative_tolerance = 1e-9;    // of f and of x
  double constraint_tolerance = 1e-9;  // of g
  int max_evaluations = 500;
  double max_seconds = 0;  // 0: no limit
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

// From `start`, which is clamped into the bounds.
SmoothResult Maximise(const SmoothProblem& problem, std::vector<double> start, const SmoothOptions& options = {});

}  // namespace deepmad::mad
