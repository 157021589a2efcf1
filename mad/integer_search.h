// Search over integer structures: short annealings that start at a relaxed optimum, paired moves because budgets are tight, then an
// exchange search until no single or pair of moves helps.
#pragma once

#include <functional>

#include "base/random.h"
#include "mad/evaluator.h"
#include "mad/relaxation.h"

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
  bool found = false;  // `candidate` is admitted; feasible where measures.excess == 0
};

// True where `a` is to be preferred: feasible before infeasible, then the objective; among infeasible ones the smaller excess.
bool IsBetter(const Measures& a, const Measures& b);

class IntegerSearch {
 public:
  // `give_up` is asked now and then; true ends the search early with the best so far.
  IntegerSearch(const DesignProblem& problem, std::function<bool()> give_up);

  // One annealing from the rounded relaxed design, the depths rounded up or down at random and the widths jittered.
  SearchResult Anneal(const RelaxedDesign& start, const AnnealingOptions& options, base::Random random);

  // The given structure, rounded to an admitted one where it is none.
  SearchResult From(const Candidate& candidate);

  // Takes the best single move or pair of moves until none helps.
  SearchResult Exchange(SearchResult start);

  int64_t evaluations() const { return evaluator_.evaluations(); }

 private:
  struct Move {
    int variable;  // 0: stem; then per stage: width, bottleneck, depth, kernel
    int delta;     // in multiples, units, or kernel choices
  };
  bool Apply(const Move& move, Candidate& candidate) const;
  Candidate Round(const RelaxedDesign& start, base::Random& random) const;
  void Propose(base::Random& random, Candidate& candidate) const;
  std::vector<Move> SingleMoves() const;

  const DesignProblem& problem_;
  std::function<bool()> give_up_;
  Evaluator evaluator_;
};

}  // namespace deepmad::mad
