#include "mad/bound/branch_and_bound.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <queue>

#include "mad/bound/branching.h"
#include "mad/bound/dual_ascent.h"
#include "mad/problem/feasibility.h"
#include "mad/search/local_search.h"

namespace deepmad::mad {
namespace {

constexpr int64_t kNodesBetweenImprovements = 128;
constexpr double kTangentSteps[] = {1, 0.4, 0.16};  // towards the maximisers
constexpr double kSmallestGap = 1e-9;               // what rounding in the bound may hide

struct Node {
  double bound;
  std::vector<double> multipliers;
  Tangents tangents;
  std::pair<Box, Box> halves;
  bool operator<(const Node& other) const { return bound < other.bound; }  // the largest bound first
};

class Search {
 public:
  Search(const DesignProblem& problem, const ProofOptions& options)
      : problem_(problem),
        options_(options),
        forms_(problem),
        lagrangian_(problem, forms_),
        evaluator_(problem),
        integers_(problem, [this](Ticks) { return GiveUp(); }),
        penalty_(problem.objective, forms_.layout),
        floor_(-1e-6 - penalty_.Largest(FullBox(problem))) {}

  Proof Run(const std::optional<Candidate>& start, const Tangents& guess) {
    if (start) Consider(*start);
    const double scale = proof_.best ? std::abs(proof_.measures.objective) : 1e4;
    std::vector<double> multipliers(lagrangian_.multipliers(), 0.2 * scale);
    Add(FullBox(problem_), 1e300, multipliers, guess);
    while (!open_.empty() && open_.top().bound > PruneValue() && !GiveUp()) {
      const Node node = open_.top();
      open_.pop();
      Add(node.halves.first, node.bound, node.multipliers, node.tangents);
      Add(node.halves.second, node.bound, node.multipliers, node.tangents);
      options_.progress(proof_.measures.objective, UpperBound(), Work());
    }
    proof_.complete = open_.empty() || open_.top().bound <= PruneValue();
    proof_.upper_bound = UpperBound();
    proof_.bound_evaluations = lagrangian_.evaluations();
    proof_.evaluations = evaluator_.evaluations() + integers_.evaluations();
    proof_.work = Work();
    return proof_;
  }

 private:
  Ticks Work() const {
    return lagrangian_.work() + integers_.work() + proof_.nodes * kBoxTicks +
           evaluator_.evaluations() * StructureTicks(evaluator_.blocks());
  }
  bool GiveUp() const { return options_.give_up(Work()); }

  // Boxes whose bound is at or below it are done with.
  double PruneValue() const {
    if (!proof_.best) return floor_;
    const double objective = proof_.measures.objective;
    return objective + std::max(options_.gap, kSmallestGap) * std::abs(objective);
  }

  double UpperBound() const {
    double bound = discarded_;
    if (!open_.empty()) bound = std::max(bound, open_.top().bound);
    return proof_.best ? std::max(bound, proof_.measures.objective) : bound;
  }

  void Consider(const Candidate& candidate) {
    if (!IsAdmitted(problem_, candidate)) return;
    const Measures measures = evaluator_.Evaluate(candidate);
    if (measures.excess > 0 || (proof_.best && measures.objective <= proof_.measures.objective)) return;
    proof_.best = candidate;
    proof_.measures = measures;
  }

  // A structure near a box's bound is often a few moves from a good one.
  void Improve(const Candidate& candidate) {
    const SearchResult result = integers_.Exchange(integers_.From(candidate));
    if (result.found) Consider(result.candidate);
  }

  void Discard(double bound) { discarded_ = std::max(discarded_, bound); }

  void Add(Box box, double parent, const std::vector<double>& multipliers, Tangents tangents) {
    ++proof_.nodes;
    if (box.IsSingle()) return Consider(OnlyCandidate(problem_, box));
    tangents.depths = penalty_.Fit(box, tangents.depths, proof_.best ? proof_.measures.objective : 0);
    lagrangian_.Enter(box);
    DualResult result =
        LowerBound(lagrangian_, multipliers, tangents, PruneValue(), [&](const Maximiser& maximiser) { Consider(maximiser.candidate); });
    if (result.bound <= PruneValue()) return Discard(result.bound);
    MoveTangents(box, result, tangents);
    result.bound = std::min(result.bound, parent);
    if (result.bound <= PruneValue()) return Discard(result.bound);
    Box tight;
    const double value = PruneValue();
    const bool any = lagrangian_.Tighten(result.multipliers, tangents, value, tight);
    Discard(std::min(value, result.bound));
    if (!any) return;
    if (proof_.nodes % kNodesBetweenImprovements == 0) Improve(result.maximisers.front().candidate);
    if (tight.IsSingle()) return Consider(OnlyCandidate(problem_, tight));
    open_.push({result.bound, result.multipliers, tangents,
                Split(problem_, forms_, lagrangian_.windows(), tight, result.maximisers, std::abs(result.bound))});
  }

  // Towards the mean of the maximisers, as far as that lowers the bound: it is convex in the tangents' slopes, so where the whole step is
  // too long, as in boxes with very different depths, a shorter one may not be.
  void MoveTangents(const Box& box, DualResult& result, Tangents& tangents) {
    Tangents mean = MeanOf(result.maximisers);
    mean.depths = penalty_.Fit(box, mean.depths, proof_.best ? proof_.measures.objective : 0);
    for (const double share : kTangentSteps) {
      Tangents moved = tangents;
      moved.layers += share * (mean.layers - tangents.layers);
      for (size_t i = 0; i < moved.depths.size(); ++i) moved.depths[i] += share * (mean.depths[i] - tangents.depths[i]);
      const double bound = lagrangian_.Evaluate(result.multipliers, moved, nullptr);
      if (bound >= result.bound) continue;
      result.bound = bound;
      tangents = moved;
      return;
    }
  }

  Tangents MeanOf(const std::vector<Maximiser>& maximisers) const {
    constexpr size_t kNearest = 6;
    const size_t count = std::min(kNearest, maximisers.size());
    Tangents mean{std::vector<double>(problem_.blocks.size(), 0.0), 0};
    for (size_t m = 0; m < count; ++m) {
      mean.layers += maximisers[m].layers / static_cast<double>(count);
      for (size_t i = 0; i < mean.depths.size(); ++i)
        mean.depths[i] += maximisers[m].candidate.blocks[i].depth / static_cast<double>(count);
    }
    return mean;
  }

  const DesignProblem& problem_;
  const ProofOptions& options_;
  ProblemForms forms_;
  Lagrangian lagrangian_;
  Evaluator evaluator_;
  IntegerSearch integers_;
  DepthPenaltyTangent penalty_;
  Proof proof_;
  double floor_;  // below the objective of every structure: a box whose bound is lower holds none within the budgets
  double discarded_ = -std::numeric_limits<double>::infinity();
  std::priority_queue<Node> open_;
};

}  // namespace

Proof ProveBound(const DesignProblem& problem, const std::optional<Candidate>& start, const Tangents& guess, const ProofOptions& options) {
  return Search(problem, options).Run(start, guess);
}

}  // namespace deepmad::mad
