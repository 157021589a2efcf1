// Random problems small enough to try every structure.
#pragma once

#include "base/random.h"
#include "mad/search/candidate_evaluator.h"

namespace deepmad::mad {

// One to three stages of any registered type that repeats, a few hundred to some ten thousand structures, every rule, budgets in the middle
// of what the structures need. With tight ranges; throws InfeasibleError where the rules leave nothing.
DesignProblem MakeSmallProblem(base::Random& random);

// Calls `visit` with every admitted structure.
void VisitAll(const DesignProblem& problem, const std::function<void(const Candidate&)>& visit);

// An admitted structure drawn at random, of any problem with tight ranges; nullopt where none was met.
std::optional<Candidate> DrawCandidate(const DesignProblem& problem, base::Random& random);

}  // namespace deepmad::mad
