// Fast evaluation of integer candidates for the searches: block counts come from the recipes and are remembered, so that a candidate costs
// a few look-ups. Not thread-safe: one evaluator a thread.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "mad/block_totals.h"
#include "mad/formulation.h"
#include "mad/problem.h"

namespace deepmad::mad {

// The sums that budgets bound, and the objective.
struct Measures {
  double objective = 0;
  double flops = 0;              // in the budget's convention
  double params = 0;             // as the formulation bounds them
  double log_effectiveness = 0;  // ln of the largest rho over the stage prefixes
  double layers = 0;

  // By how much the budgets are exceeded in all, each relative to its limit; 0 where every one is kept.
  double excess = 0;
};

class Evaluator {
 public:
  explicit Evaluator(const DesignProblem& problem);

  Measures Evaluate(const Candidate& candidate);
  int64_t evaluations() const { return evaluations_; }

 private:
  struct UnitNumbers {
    double flops, params, log_width, layers;
  };
  struct BlockNumbers {
    UnitNumbers first, other;
  };
  const BlockNumbers& Numbers(size_t stage, int in_channels, const StageChoice& choice);
  UnitNumbers Select(const UnitCount<double>& count) const;
  double Log(int value);

  const DesignProblem& problem_;
  ScoreLayout layout_;
  std::vector<MapSizes> in_maps_;                                  // of each block, stem first
  std::vector<std::unordered_map<uint64_t, BlockNumbers>> known_;  // one table a stage
  std::vector<double> log_;                                        // ln of small integers, filled on demand
  double log_effectiveness_limit_ = 0;
  int64_t evaluations_ = 0;
};

}  // namespace deepmad::mad
