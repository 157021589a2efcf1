// Fast evaluation of integer candidates for the searches, using the polynomials of the blocks (mad/problem/block_polynomials.h). Not
// thread-safe: use one evaluator per thread.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

#include "mad/problem/block_polynomials.h"
#include "mad/problem/problem.h"

namespace deepmad::mad {

// The score of a candidate: what it uses of the budgets, and the objective.
struct Measures {
  double objective = 0;
  std::array<double, kAdditiveBudgets> used{};  // head included
  double log_effectiveness = 0;                 // ln of the largest rho over the stage prefixes

  // Sum of the budget violations, each relative to its limit; 0 if every budget is kept.
  double excess = 0;

  // What the candidate uses of any budget.
  double Used(Budget budget) const { return IsAdditive(budget) ? used[budget] : std::exp(log_effectiveness); }
};

class Evaluator {
 public:
  // REQUIRES: `problem` outlives the evaluator.
  explicit Evaluator(const DesignProblem& problem);

  Measures Evaluate(const Candidate& candidate);
  // By how much the candidate of these measures exceeds a budget, relative to its limit; 0 where the budget is kept or not set. Of the
  // effectiveness it is the logarithm of the ratio.
  double Excess(const Measures& measures, Budget budget) const;
  int64_t evaluations() const { return evaluations_; }
  size_t blocks() const { return forms_.blocks.size(); }  // of every structure

 private:
  struct UnitNumbers {
    std::array<double, kAdditiveBudgets> amounts;
    double log_width, entropy;
  };
  // Cached numbers of one block, under a key of the choices that determine them.
  struct BlockNumbers {
    uint64_t key = 0;
    UnitNumbers first{}, other{};
  };
  const BlockNumbers& Numbers(size_t block, int in_channels, const BlockChoice& choice);
  UnitNumbers At(const UnitFormulas& form, double log_alpha, const std::array<double, kSymbols>& numbers,
                 const std::array<double, kSymbols>& logs) const;
  double Log(int value);

  const DesignProblem& problem_;
  ProblemForms forms_;
  std::vector<std::vector<BlockNumbers>> known_;      // one hash table per block, indexed by a hash of the key
  std::vector<double> log_;                           // ln of small integers, filled on demand
  std::array<std::optional<double>, kBudgets> most_;  // allowed of each budget; of the effectiveness its logarithm
  int64_t evaluations_ = 0;
};

}  // namespace deepmad::mad
