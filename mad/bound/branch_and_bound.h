// Branch and bound over boxes of structures: proves an upper bound on the problem's objective and finds better structures on the way.
#pragma once

#include <functional>
#include <optional>

#include "mad/bound/lagrangian.h"
#include "mad/search/candidate_evaluator.h"

namespace deepmad::mad {

struct ProofOptions {
  double gap = 1e-6;                                                 // relative: the proof ends when upper bound <= objective * (1 + gap)
  std::function<bool(Ticks)> give_up = [](Ticks) { return false; };  // asked now and then, with the proof's work so far
  // Called after every node with the best objective, the upper bound and the work so far.
  std::function<void(double objective, double upper_bound, Ticks work)> progress = [](double, double, Ticks) {};
};

struct Proof {
  // No admitted structure within the budgets has a larger objective.
  double upper_bound = 0;
  bool complete = false;          // the gap was reached, or it is proven that there is no such structure at all
  std::optional<Candidate> best;  // the best structure known, where there is one
  Measures measures;              // its measures
  int64_t nodes = 0;
  int64_t bound_evaluations = 0;
  int64_t evaluations = 0;  // of single structures
  Ticks work = 0;
};

// From a known structure within the budgets (or none), and a guess of the network's layers and depths at the optimum.
Proof ProveBound(const DesignProblem& problem, const std::optional<Candidate>& start, const Tangents& guess, const ProofOptions& options);

}  // namespace deepmad::mad
