// SLSQP on the relaxation from several depths, widths and kernel patterns; annealings from the best relaxed designs; exchange search.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "mad/integer_search.h"
#include "mad/solver.h"

namespace deepmad::base {
template <>
const char* mad::SolverRegistry::kind() {
  return "solver";
}
}  // namespace deepmad::base

namespace deepmad::mad {
namespace {

constexpr int kAnnealings = 12;
constexpr size_t kRelaxedStarts = 3;             // relaxed designs that annealings start from
constexpr double kRelaxationShareOfTime = 0.25;  // at most
constexpr double kFeasibleViolation = 1e-6;

class Deadline {
 public:
  explicit Deadline(double seconds) : start_(Clock::now()), seconds_(seconds) {}
  double Elapsed() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  bool Passed(double share = 1) const { return Elapsed() > share * seconds_; }
  double Remaining(double share) const { return std::max(1e-3, share * seconds_ - Elapsed()); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_;
  double seconds_;
};

// All blocks at their widest kernel, then all at their narrowest; the annealing mixes them.
std::vector<std::vector<KernelChoice>> KernelPatterns(const DesignProblem& problem) {
  std::vector<KernelChoice> widest, narrowest;
  for (const StageVariables& stage : problem.stages) {
    widest.push_back(stage.kernels.back());
    narrowest.push_back(stage.kernels.front());
  }
  if (widest == narrowest) return {widest};
  return {widest, narrowest};
}

// Relaxed designs, best first: feasible ones by objective, then the others by violation.
std::vector<RelaxedDesign> SolveRelaxations(const DesignProblem& problem, const Deadline& deadline) {
  std::vector<RelaxedDesign> designs;
  for (const std::vector<KernelChoice>& kernels : KernelPatterns(problem)) {
    const Relaxation relaxation(problem, kernels);
    for (const double width_share : {0.5, 0.1, 0.8}) {
      for (const double depth : {3.0, 12.0, 1.0}) {
        if (!designs.empty() && deadline.Passed(kRelaxationShareOfTime)) break;
        designs.push_back(relaxation.Solve(depth, width_share, deadline.Remaining(kRelaxationShareOfTime)));
      }
    }
  }
  std::stable_sort(designs.begin(), designs.end(), [](const RelaxedDesign& a, const RelaxedDesign& b) {
    const bool a_feasible = a.max_violation < kFeasibleViolation, b_feasible = b.max_violation < kFeasibleViolation;
    if (a_feasible != b_feasible) return a_feasible;
    return a_feasible ? a.objective > b.objective : a.max_violation < b.max_violation;
  });
  return designs;
}

class NloptSolver : public Solver {
 public:
  Solution Solve(const DesignProblem& problem) override {
    const Deadline deadline(problem.solver.time_limit_seconds);
    const std::vector<RelaxedDesign> relaxed = SolveRelaxations(problem, deadline);

    // Each annealing is a pure function of its number, so that the answer does not depend on the number of threads.
    std::vector<SearchResult> results(kAnnealings);
    std::atomic<int> next{0};
    std::atomic<int64_t> evaluations{0};
    std::atomic<bool> cut_short{false};
    const auto work = [&] {
      IntegerSearch search(problem, [&] {
        const bool passed = deadline.Passed();
        if (passed) cut_short = true;
        return passed;
      });
      for (int i = next++; i < kAnnealings; i = next++) {
        const RelaxedDesign& start = relaxed[static_cast<size_t>(i) % std::min(kRelaxedStarts, relaxed.size())];
        const base::Random random(problem.solver.seed, base::RandomPurpose::kSearch, 0, static_cast<uint64_t>(i));
        results[static_cast<size_t>(i)] = search.Exchange(search.Anneal(start, AnnealingOptions{}, random));
      }
      evaluations += search.evaluations();
    };
    std::vector<std::thread> helpers;
    for (int i = 1; i < problem.solver.threads; ++i) helpers.emplace_back(work);
    work();
    for (std::thread& helper : helpers) helper.join();

    Solution solution;
    for (const SearchResult& result : results) {
      if (!result.found || (solution.found && !IsBetter(result.measures, solution.measures))) continue;
      solution.candidate = result.candidate;
      solution.measures = result.measures;
      solution.found = true;
    }
    solution.time_limited = cut_short;
    solution.evaluations = evaluations;
    for (const RelaxedDesign& design : relaxed) solution.evaluations += design.evaluations;
    solution.relaxation = fmt::format("{}, objective {:.3f} at real-valued widths and depths", TerminationName(relaxed.front().termination),
                                      relaxed.front().objective);
    return solution;
  }
};

}  // namespace

DEEPMAD_REGISTER(SolverRegistry, "nlopt", "NLopt's SLSQP on the relaxation, then annealing and exchange search over the integers",
                 [] { return std::make_unique<NloptSolver>(); });

}  // namespace deepmad::mad
