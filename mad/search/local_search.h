// Local search over integer structures: short simulated annealing from a relaxed optimum, then 2-exchange until neither a single move nor a
// pair of moves helps. Moves come in pairs because budgets are tight.
#pragma once

#include <functional>

#include "base/random.h"
#include "mad/search/candidate_evaluator.h"
#include "mad/search/continuous_relaxation.h"
#include "mad/search/work.h"

namespace deepmad::mad {

struct AnnealingOptions {
  int steps = 60000;
  // Energy = excess * weight - objective / scale, with scale the relaxed objective; both follow geometric schedules.
  double weight_start = 0.8;
  double weight_end = 8;
  double temperature_start = 3e-3;
  double temperature_end = 1e-4;
};

struct SearchResult {
  Candidate candidate;
  Measures measures;
  bool found = false;  // `candidate` keeps the rules; it keeps the budgets if measures.excess == 0
};

// Returns whether `a` is preferred to `b`: feasible before infeasible; feasible ones by objective, infeasible ones by smaller excess.
bool IsBetter(const Measures& a, const Measures& b);

class IntegerSearch {
 public:
  // `give_up` is polled with this search's work() so far; when it returns true the search ends with the best candidate so far.
  IntegerSearch(const DesignProblem& problem, std::function<bool(Ticks)> give_up);

  // Runs one annealing from the relaxed design, with depths rounded up or down at random and widths jittered.
  SearchResult Anneal(const RelaxedDesign& start, const AnnealingOptions& options, base::Random random);

  // Considers the given structure, rounded to one that keeps the rules if necessary.
  SearchResult From(const Candidate& candidate);

  // 2-exchange: applies the best single move or pair of moves until none improves.
  SearchResult Exchange(SearchResult start);

  int64_t evaluations() const { return evaluator_.evaluations(); }
  Ticks work() const { return tried_ * StructureTicks(evaluator_.blocks()); }

 private:
  enum class Variable { kWidth, kBottleneck, kDepth, kKernel };
  struct Move {
    size_t block;
    Variable variable;
    int delta;  // in multiples, units, or kernel choices
  };
  bool Apply(const Move& move, Candidate& candidate) const;
  Candidate Round(const RelaxedDesign& start, base::Random& random) const;
  void Propose(base::Random& random, Candidate& candidate) const;
  std::vector<Move> SingleMoves() const;
  bool IsOneStructure() const;

  const DesignProblem& problem_;
  std::function<bool(Ticks)> give_up_;
  Evaluator evaluator_;
  int64_t tried_ = 0;  // structures proposed, those that break the rules included
};

}  // namespace deepmad::mad
