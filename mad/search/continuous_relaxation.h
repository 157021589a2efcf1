// The continuous relaxation of a design problem at fixed kernels: widths and depths are real numbers. Variables, in this order:
// ln width of each block but a tail, ln bottleneck of each block that has one, depth of each stage.
// Its optimum is a starting point for the integer search, not an upper bound, because the problem is not concave.
#pragma once

#include <vector>

#include "mad/cost/block_cost.h"
#include "mad/problem/block_polynomials.h"
#include "mad/problem/problem.h"
#include "mad/search/nlopt_adapter.h"
#include "mad/search/work.h"

namespace deepmad::mad {

struct RelaxedDesign {
  // An entry a block.
  std::vector<double> widths;       // channels
  std::vector<double> bottlenecks;  // 0 for a block without
  std::vector<double> depths;
  std::vector<KernelChoice> kernels;
  double objective = 0;
  double max_violation = 0;  // largest positive constraint value, relative
  Termination termination = Termination::kNotRun;
  int evaluations = 0;
};

// Of one solve.
struct RelaxationLimits {
  Ticks work = kUnlimitedTicks;  // at least one evaluation is made
  double seconds = 0;            // 0: no limit
};

class Relaxation {
 public:
  // `kernels` are a block each.
  Relaxation(const DesignProblem& problem, std::vector<KernelChoice> kernels, Algorithm algorithm = Algorithm::kSlsqp);
  Relaxation(const Relaxation&) = delete;  // smooth() refers to this object
  Relaxation& operator=(const Relaxation&) = delete;

  // Solves from a structure of `depth` units a stage with widths at `width_share` of their ranges (0: low ends, 1: high ends, in ln).
  RelaxedDesign Solve(double depth, double width_share, const RelaxationLimits& limits) const;

  // Solves with all depths, a block each, fixed at the given values, starting from the widths of `start`.
  RelaxedDesign SolveAtDepths(const RelaxedDesign& start, const std::vector<double>& depths, const RelaxationLimits& limits) const;

  // Objective and constraints with gradients. Public so that tests can compare the gradients with finite differences.
  const SmoothProblem& smooth() const { return smooth_; }
  Ticks work_an_evaluation() const;
  // Factor between the objective of smooth() and the problem's.
  double objective_scale() const { return objective_scale_; }

 private:
  RelaxedDesign SolveFrom(const SmoothProblem& smooth, const std::vector<double>& start, const RelaxationLimits& limits) const;
  // Positions of a block's variables.
  size_t BottleneckVariable(size_t block) const;
  size_t DepthVariable(size_t block) const;
  void EvaluateObjective(const std::vector<double>& x, double& value, std::vector<double>& gradient) const;
  void EvaluateConstraints(const std::vector<double>& x, std::vector<double>& values, std::vector<double>& jacobian) const;
  template <typename T>
  struct Counts {
    std::vector<BlockTotals<T>> blocks;  // inputs of the score
    std::array<T, kAdditiveBudgets> used{};
  };
  template <typename T>
  Counts<T> Count(const std::vector<T>& x) const;
  template <typename T>
  std::vector<T> ConstraintValues(const std::vector<T>& x) const;

  DesignProblem problem_;
  std::vector<KernelChoice> kernels_;
  Algorithm algorithm_;
  ProblemForms forms_;
  ScoreLayout layout_;                     // at these kernels
  size_t widths_;                          // how many blocks have a variable width; they come first
  std::vector<size_t> bottleneck_blocks_;  // blocks that have a bottleneck
  double objective_scale_ = 1;
  SmoothProblem smooth_;
};

}  // namespace deepmad::mad
