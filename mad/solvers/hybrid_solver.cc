// The project's own solver: SLSQP on the relaxation from several depths, widths and kernel patterns; annealings from the best relaxed
// designs; exchange search; then branch and bound, which proves how far the answer is from the optimum and closes the gap.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <set>
#include <thread>

#include "base/progress.h"
#include "mad/bound/branch_and_bound.h"
#include "mad/problem/feasibility.h"
#include "mad/search/local_search.h"
#include "mad/search/solve_limits.h"
#include "mad/search/solver.h"

namespace deepmad::base {
template <>
const char* mad::SolverRegistry::kind() {
  return "solver";
}
}  // namespace deepmad::base

namespace deepmad::mad {
namespace {

constexpr int kAnnealings = 8;
constexpr size_t kRelaxedStarts = 2;         // relaxed designs that annealings start from, beside the depth patterns
constexpr size_t kMaxOpenDepths = 4;         // depths that are rounded both ways
constexpr int kExpandedPatterns = 3;         // depth patterns whose neighbours are tried
constexpr double kWholeDepth = 0.02;         // a depth this near to a whole one is rounded to it
constexpr double kRelaxationShare = 0.25;    // of the limits, at most
constexpr double kAnnealingShare = 0.5;      // with the relaxation; the proof has the rest
constexpr double kScheduleShare = 0.8;       // of the work of an annealing; the exchange search has the rest
constexpr double kFeasibleViolation = 1e-3;  // of a budget: rounding to whole multiples moves more than that
constexpr double kProgressAfterSeconds = 3;
constexpr int64_t kProgressSteps = 1000;

// All blocks at their widest kernel, then all at their narrowest; the annealing mixes them.
std::vector<std::vector<KernelChoice>> KernelPatterns(const DesignProblem& problem) {
  std::vector<KernelChoice> widest, narrowest;
  for (const BlockVariables& block : problem.blocks) {
    widest.push_back(block.kernels.back());
    narrowest.push_back(block.kernels.front());
  }
  if (widest == narrowest) return {widest};
  return {widest, narrowest};
}

void SortBestFirst(std::vector<RelaxedDesign>& designs) {
  std::stable_sort(designs.begin(), designs.end(), [](const RelaxedDesign& a, const RelaxedDesign& b) {
    const bool a_feasible = a.max_violation < kFeasibleViolation, b_feasible = b.max_violation < kFeasibleViolation;
    if (a_feasible != b_feasible) return a_feasible;
    return a_feasible ? a.objective > b.objective : a.max_violation < b.max_violation;
  });
}

RelaxationLimits RelaxationLimitsOf(const SolveLimits& limits) {
  return {limits.WorkLeft(kRelaxationShare), limits.SecondsLeft(kRelaxationShare)};
}

// Relaxed designs, best first: feasible ones by objective, then the others by violation.
std::vector<RelaxedDesign> SolveRelaxations(const DesignProblem& problem, SolveLimits& limits) {
  std::vector<RelaxedDesign> designs;
  for (const std::vector<KernelChoice>& kernels : KernelPatterns(problem)) {
    const Relaxation relaxation(problem, kernels);
    for (const double width_share : {0.5, 0.1, 0.8}) {
      for (const double depth : {3.0, 12.0, 1.0}) {
        if (!designs.empty() && limits.IsOver(kRelaxationShare)) break;
        designs.push_back(relaxation.Solve(depth, width_share, RelaxationLimitsOf(limits)));
        limits.Add(designs.back().evaluations * relaxation.work_an_evaluation());
      }
    }
  }
  SortBestFirst(designs);
  return designs;
}

// The best relaxed design again at whole depths, best first: every way of rounding its depths up or down, then neighbours of the best,
// because the best structure may have units one stage further up or down.
class DepthPatterns {
 public:
  DepthPatterns(const DesignProblem& problem, const RelaxedDesign& design, SolveLimits& limits)
      : problem_(problem), limits_(limits), relaxation_(problem, design.kernels) {
    Round(design);
    for (int i = 0; i < kExpandedPatterns && ExpandBest(); ++i) SortBestFirst(designs_);
  }

  const std::vector<RelaxedDesign>& designs() const { return designs_; }

 private:
  void Round(const RelaxedDesign& design) {
    std::vector<size_t> open;  // the blocks whose depth is not whole, the most undecided first
    for (size_t i = 0; i < design.depths.size(); ++i) {
      if (std::abs(design.depths[i] - std::round(design.depths[i])) > kWholeDepth) open.push_back(i);
    }
    const auto undecided = [&](size_t i) { return std::abs(design.depths[i] - std::floor(design.depths[i]) - 0.5); };
    std::stable_sort(open.begin(), open.end(), [&](size_t a, size_t b) { return undecided(a) < undecided(b); });
    open.resize(std::min(open.size(), kMaxOpenDepths));
    for (uint32_t pattern = 0; pattern < uint32_t{1} << open.size(); ++pattern) {
      std::vector<double> depths = design.depths;
      for (double& depth : depths) depth = std::round(depth);
      for (size_t bit = 0; bit < open.size(); ++bit) depths[open[bit]] = std::floor(design.depths[open[bit]]) + (pattern >> bit & 1);
      Try(design, depths);
    }
    SortBestFirst(designs_);
  }

  // One unit more, one less, or one moved between two blocks. False where all are expanded.
  bool ExpandBest() {
    const auto best = std::find_if(designs_.begin(), designs_.end(), [&](const RelaxedDesign& d) { return !expanded_.contains(d.depths); });
    if (best == designs_.end()) return false;
    const RelaxedDesign centre = *best;
    expanded_.insert(centre.depths);
    const size_t blocks = centre.depths.size();  // as an index: no block
    for (size_t more = 0; more <= blocks; ++more) {
      for (size_t less = 0; less <= blocks; ++less) {
        std::vector<double> depths = centre.depths;
        if (more < blocks) depths[more] += 1;
        if (less < blocks) depths[less] -= 1;
        Try(centre, depths);
      }
    }
    return true;
  }

  void Try(const RelaxedDesign& start, const std::vector<double>& depths) {
    for (size_t i = 0; i < depths.size(); ++i) {
      if (!problem_.blocks[i].depth.Contains(static_cast<int>(depths[i]))) return;
    }
    if (limits_.IsOver(kRelaxationShare) || !tried_.insert(depths).second) return;
    designs_.push_back(relaxation_.SolveAtDepths(start, depths, RelaxationLimitsOf(limits_)));
    limits_.Add(designs_.back().evaluations * relaxation_.work_an_evaluation());
  }

  const DesignProblem& problem_;
  SolveLimits& limits_;
  const Relaxation relaxation_;
  std::set<std::vector<double>> tried_, expanded_;
  std::vector<RelaxedDesign> designs_;
};

// Hot from a relaxed design, to find other depths; cool from a depth pattern, to stay near its depths.
AnnealingOptions AnnealingOf(size_t start) {
  AnnealingOptions options;
  if (start < kRelaxedStarts) return options;
  options.steps = 15000;
  options.temperature_start = 3e-4;
  return options;
}

class NloptSolver : public Solver {
 public:
  Solution Solve(const DesignProblem& problem) override {
    SolveLimits limits(problem.solver);
    const std::vector<RelaxedDesign> relaxed = SolveRelaxations(problem, limits);
    Solution solution;
    for (const RelaxedDesign& design : relaxed) solution.evaluations += design.evaluations;
    solution.relaxation = fmt::format("{}, objective {:.3f} at real-valued widths and depths", TerminationName(relaxed.front().termination),
                                      relaxed.front().objective);
    std::vector<RelaxedDesign> starts(relaxed.begin(),
                                      relaxed.begin() + static_cast<std::ptrdiff_t>(std::min(kRelaxedStarts, relaxed.size())));
    const DepthPatterns patterns(problem, relaxed.front(), limits);
    for (const RelaxedDesign& design : patterns.designs()) {
      solution.evaluations += design.evaluations;
      starts.push_back(design);
    }
    Anneal(problem, starts, limits, solution);
    Prove(problem, relaxed.front(), limits, solution);
    solution.work = limits.done();
    return solution;
  }

 private:
  static void Take(const SearchResult& result, Solution& solution) {
    if (!result.found || (solution.found && !IsBetter(result.measures, solution.measures))) return;
    solution.candidate = result.candidate;
    solution.measures = result.measures;
    solution.found = true;
  }

  // Each annealing, with the work that it may do, is a pure function of its number, so that the answer does not depend on the number of
  // threads.
  static void Anneal(const DesignProblem& problem, const std::vector<RelaxedDesign>& starts, SolveLimits& limits, Solution& solution) {
    const size_t count = std::min<size_t>(kAnnealings, starts.size());
    const Ticks a_step = StructureTicks(problem.blocks.size());
    Ticks schedules = 0;
    for (size_t i = 0; i < kAnnealings; ++i) schedules += AnnealingOf(i % count).steps * a_step;
    const Ticks left = limits.WorkLeft(kAnnealingShare);
    const double shorter = std::min(1.0, kScheduleShare * static_cast<double>(left) / static_cast<double>(schedules));
    const auto options_of = [&](size_t index) {
      AnnealingOptions options = AnnealingOf(index);
      options.steps = std::max(1, static_cast<int>(shorter * options.steps));
      return options;
    };
    const Ticks exchange = (left - static_cast<Ticks>(shorter * static_cast<double>(schedules))) / (kAnnealings + 1);

    std::vector<SearchResult> results(kAnnealings + 1);
    std::atomic<size_t> next{0};
    std::atomic<int64_t> evaluations{0};
    std::atomic<Ticks> work_of_all{0};
    std::atomic<bool> time_over{false};
    const auto work = [&] {
      Ticks most = 0;
      IntegerSearch search(problem, [&](Ticks done) {
        if (limits.IsTimeOver(kAnnealingShare)) time_over = true;
        return time_over || done > most;
      });
      for (size_t i = next++; i <= kAnnealings; i = next++) {
        SearchResult& result = results[i];
        most = search.work() + exchange;
        if (i == kAnnealings) {  // the structure to start from, where one is given
          if (problem.solver.start) result = search.Exchange(search.From(*problem.solver.start));
          continue;
        }
        const AnnealingOptions options = options_of(i % count);
        most += options.steps * a_step;
        const base::Random random(problem.solver.seed, base::RandomPurpose::kSearch, 0, i);
        result = search.Exchange(search.Anneal(starts[i % count], options, random));
      }
      evaluations += search.evaluations();
      work_of_all += search.work();
    };
    std::vector<std::thread> helpers;
    for (int i = 1; i < problem.solver.threads; ++i) helpers.emplace_back(work);
    work();
    for (std::thread& helper : helpers) helper.join();

    for (const SearchResult& result : results) Take(result, solution);
    solution.ended_by = time_over ? EndedBy::kTime : shorter < 1 ? EndedBy::kWork : EndedBy::kSearch;
    solution.evaluations += evaluations;
    limits.Add(work_of_all);
  }

  // Upper bound and optimum by branch and bound. Where nothing feasible is known, first whether there is anything: the same search with an
  // objective of zero.
  static void Prove(const DesignProblem& problem, const RelaxedDesign& relaxed, SolveLimits& limits, Solution& solution) {
    for (const BlockVariables& block : problem.blocks) {
      if (block.kernels.size() > Box::kMaxKernels) return;  // no box describes such a block: a design without a bound
    }
    Tangents guess{relaxed.depths, 1};
    ProofOptions options;
    options.gap = problem.solver.gap;
    options.give_up = [&](Ticks work) { return limits.IsOver(1, work); };
    std::optional<Candidate> start;
    if (solution.found && solution.measures.excess == 0) start = solution.candidate;
    if (!start) {
      DesignProblem feasibility = problem;
      std::fill(feasibility.objective.stage_weights.begin(), feasibility.objective.stage_weights.end(), 0.0);
      feasibility.objective.depth_term = DepthTerm::kNone;
      const Proof proof = ProveBound(feasibility, std::nullopt, guess, options);
      AddCounts(proof, limits, solution);
      solution.proven_infeasible = proof.complete && !proof.best;
      if (!proof.best) return;
      start = proof.best;
    }
    std::optional<base::Progress> progress;
    options.progress = [&](double objective, double upper_bound, Ticks work) {
      const std::optional<double> share = limits.Progress(work);
      if (!share || limits.ElapsedSeconds() < kProgressAfterSeconds) return;
      if (!progress) progress.emplace(base::ProgressOptions{problem.name, kProgressSteps, "per mille"});
      progress->Update(static_cast<int64_t>(*share * kProgressSteps),
                       fmt::format("objective {:.3f}, at most {:.3f}", objective, upper_bound));
    };
    const SearchResult polished = Polish(problem, *start, limits, solution);
    guess.layers = polished.measures.used[kLayers];
    guess.depths.clear();
    for (const BlockChoice& choice : polished.candidate.blocks) guess.depths.push_back(choice.depth);
    const Proof proof = ProveBound(problem, polished.candidate, guess, options);
    AddCounts(proof, limits, solution);
    solution.upper_bound = proof.upper_bound;
    solution.proven_optimal = proof.complete;
    Take({*proof.best, proof.measures, true}, solution);
    Take(Polish(problem, solution.candidate, limits, solution), solution);
  }

  static SearchResult Polish(const DesignProblem& problem, const Candidate& candidate, SolveLimits& limits, Solution& solution) {
    IntegerSearch search(problem, [&](Ticks work) { return limits.IsOver(1, work); });
    SearchResult result = search.Exchange(search.From(candidate));
    limits.Add(search.work());
    solution.evaluations += search.evaluations();
    return result;
  }

  // A proof that is not complete was ended by a limit.
  static void AddCounts(const Proof& proof, SolveLimits& limits, Solution& solution) {
    limits.Add(proof.work);
    if (proof.complete) {
      solution.ended_by = EndedBy::kGap;
    } else if (solution.ended_by != EndedBy::kTime) {
      solution.ended_by = limits.IsWorkSpent() ? EndedBy::kWork : EndedBy::kTime;
    }
    solution.evaluations += proof.evaluations;
    solution.bound_nodes += proof.nodes;
    solution.bound_evaluations += proof.bound_evaluations;
  }
};

}  // namespace

DEEPMAD_REGISTER(SolverRegistry, "nlopt", "NLopt's SLSQP on the relaxation, annealing and exchange search, and a proven upper bound",
                 [] { return std::make_unique<NloptSolver>(); });

}  // namespace deepmad::mad
