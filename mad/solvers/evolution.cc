// The published evolutionary search (alibaba/lightweight-neural-architecture-search, tinynas/searchers), as a baseline: a child of a parent
// drawn from the population is scored where it keeps the budgets, and the population keeps the best different structures. Only the scoring
// is other: in closed form, where the released search builds and measures a network for each child.
#include <fmt/format.h>

#include <algorithm>

#include "mad/problem/feasibility.h"
#include "mad/search/local_search.h"
#include "mad/search/solve_limits.h"
#include "mad/search/solver.h"
#include "mad/solvers/tinynas_mutation.h"

namespace deepmad::mad {
namespace {

constexpr int kChildrenBetweenChecks = 256;
constexpr uint64_t kStream = 1;  // of random numbers; the annealings have 0

struct Member {
  double objective;
  Candidate candidate;
};

// The best different structures, best first.
class Population {
 public:
  explicit Population(size_t size) : size_(size) {}
  void Insert(double objective, const Candidate& candidate) {
    if (members_.size() == size_ && objective <= members_.back().objective) return;
    const auto place = std::partition_point(members_.begin(), members_.end(), [&](const Member& m) { return m.objective > objective; });
    for (auto twin = place; twin != members_.end() && twin->objective == objective; ++twin) {
      if (twin->candidate == candidate) return;
    }
    members_.insert(place, Member{objective, candidate});
    if (members_.size() > size_) members_.pop_back();
  }
  const Candidate& Draw(base::Random& random) const {
    return members_[static_cast<size_t>(random.UniformInt(0, static_cast<int64_t>(members_.size()) - 1))].candidate;
  }
  bool empty() const { return members_.empty(); }

 private:
  size_t size_;
  std::vector<Member> members_;
};

class Evolution : public Solver {
 public:
  explicit Evolution(bool every_block) : every_block_(every_block) {}

  Solution Solve(const DesignProblem& problem) override {
    SolveLimits limits(problem.solver);
    const EvolutionOptions& options = problem.solver.evolution;
    const ReleasedMutation mutation(problem, every_block_);
    Evaluator evaluator(problem);
    base::Random random(problem.solver.seed, base::RandomPurpose::kSearch, kStream);
    Population population(static_cast<size_t>(options.population));
    const Candidate first = problem.solver.start ? *problem.solver.start : SmallestCandidate(problem);

    const Ticks a_child = ChildTicks(evaluator.blocks());
    Solution solution;
    int64_t children = 0, within_budgets = 0, outside_rules = 0;
    double best_outside = -1e300;
    const auto consider = [&](const Candidate& candidate) {
      const Measures measures = evaluator.Evaluate(candidate);
      const bool admitted = IsAdmitted(problem, candidate);
      if (measures.excess == 0) {
        population.Insert(measures.objective, candidate);
        ++within_budgets;
        if (!admitted) {
          ++outside_rules;
          best_outside = std::max(best_outside, measures.objective);
        }
      }
      // Parents may break the problem's rules, as the published start structures do; an answer may not.
      if (admitted && (!solution.found || IsBetter(measures, solution.measures))) {
        solution.candidate = candidate;
        solution.measures = measures;
        solution.found = true;
      }
    };
    consider(first);
    for (; children < options.evaluations; ++children) {
      if (children % kChildrenBetweenChecks == 0 && limits.IsOver(1, children * a_child)) {
        solution.ended_by = limits.IsWorkSpent(1, children * a_child) ? EndedBy::kWork : EndedBy::kTime;
        break;
      }
      // The released search refuses a start outside the budgets; here the least excessive structure so far leads into them.
      const Candidate parent = !population.empty() ? population.Draw(random) : solution.found ? solution.candidate : first;
      consider(mutation.Child(parent, random));
    }
    solution.evaluations = children;
    solution.work = children * a_child;
    solution.relaxation = fmt::format("none; {} children of the released search, {} within the budgets", children, within_budgets);
    if (outside_rules > 0) solution.relaxation += fmt::format(", {} of these outside the rules (best {:.3f})", outside_rules, best_outside);
    return solution;
  }

 private:
  bool every_block_;
};

}  // namespace

DEEPMAD_REGISTER(SolverRegistry, "evolution", "the published evolutionary search, scored in closed form; its last block never changes",
                 [] { return std::make_unique<Evolution>(/*every_block=*/false); });
DEEPMAD_REGISTER(SolverRegistry, "evolution_every_block", "the published evolutionary search with its last block freed",
                 [] { return std::make_unique<Evolution>(/*every_block=*/true); });

}  // namespace deepmad::mad
