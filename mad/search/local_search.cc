#include "mad/search/local_search.h"

#include <algorithm>
#include <cmath>

#include "mad/problem/feasibility.h"

namespace deepmad::mad {
namespace {

constexpr int kStepsBetweenChecks = 512;

}  // namespace

bool IsBetter(const Measures& a, const Measures& b) {
  const bool a_feasible = a.excess == 0, b_feasible = b.excess == 0;
  if (a_feasible != b_feasible) return a_feasible;
  return a_feasible ? a.objective > b.objective : a.excess < b.excess;
}

IntegerSearch::IntegerSearch(const DesignProblem& problem, std::function<bool(Ticks)> give_up)
    : problem_(problem), give_up_(std::move(give_up)), evaluator_(problem) {}

bool IntegerSearch::Apply(const Move& move, Candidate& candidate) const {
  const int multiple = problem_.channel_multiple;
  const BlockVariables& block = problem_.blocks[move.block];
  BlockChoice& choice = candidate.blocks[move.block];
  switch (move.variable) {
    case Variable::kWidth:
      choice.out_channels += move.delta * multiple;
      return block.out_channels.Contains(choice.out_channels);
    case Variable::kBottleneck:
      choice.bottleneck_channels += move.delta * multiple;
      return block.bottleneck_channels.high > 0 && block.bottleneck_channels.Contains(choice.bottleneck_channels);
    case Variable::kDepth:
      choice.depth += move.delta;
      return block.depth.Contains(choice.depth);
    default: {
      const auto at = std::find(block.kernels.begin(), block.kernels.end(), choice.kernel) - block.kernels.begin() + move.delta;
      if (at < 0 || at >= static_cast<std::ptrdiff_t>(block.kernels.size())) return false;
      choice.kernel = block.kernels[static_cast<size_t>(at)];
      return true;
    }
  }
}

Candidate IntegerSearch::Round(const RelaxedDesign& start, base::Random& random) const {
  std::vector<double> widths = start.widths, bottlenecks = start.bottlenecks, depths = start.depths;
  const size_t before_tail = problem_.BlocksBeforeTail();
  for (size_t i = 0; i < before_tail; ++i) widths[i] += problem_.channel_multiple * random.Uniform(-1, 1);
  for (size_t i = 1; i < before_tail; ++i) bottlenecks[i] += problem_.channel_multiple * random.Uniform(-1, 1);
  for (size_t i = 1; i < before_tail; ++i) depths[i] += random.Uniform(-0.5, 0.5);
  return RoundToAdmitted(problem_, widths, bottlenecks, depths, start.kernels);
}

// One to three moves; pairs trade one quantity for another, because with the budgets used up nothing else stays feasible.
void IntegerSearch::Propose(base::Random& random, Candidate& candidate) const {
  using enum Variable;
  const auto stages = static_cast<int64_t>(problem_.Stages());
  const auto any_stage = [&] { return static_cast<size_t>(random.UniformInt(1, stages)); };
  const auto sign = [&] { return random.NextBits() & 1 ? 1 : -1; };
  const int count = static_cast<int>(random.UniformInt(1, 3));
  for (int i = 0; i < count; ++i) {
    Candidate next = candidate;
    bool valid = false;
    switch (random.UniformInt(0, 15)) {
      case 0:
      case 1:
      case 2:
        valid = Apply({any_stage(), kWidth, sign() * static_cast<int>(random.UniformInt(1, 4))}, next);
        break;
      case 3:
      case 4:
        valid = Apply({any_stage(), kBottleneck, sign()}, next);
        break;
      case 5:
      case 6:
        valid = Apply({any_stage(), kWidth, 1}, next) && Apply({any_stage(), kWidth, -1}, next);
        break;
      case 7:
      case 8:
        valid = Apply({any_stage(), kBottleneck, 1}, next) && Apply({any_stage(), kBottleneck, -1}, next);
        break;
      case 9:
      case 10:
        valid = Apply({any_stage(), kDepth, sign()}, next);
        break;
      case 11:
      case 12:
        valid = Apply({any_stage(), kDepth, 1}, next) && Apply({any_stage(), kDepth, -1}, next);
        break;
      case 13: {
        const int direction = sign();
        valid = Apply({any_stage(), kBottleneck, direction}, next) && Apply({any_stage(), kDepth, -direction}, next);
        break;
      }
      case 14:
        valid = Apply({any_stage(), kKernel, sign()}, next);
        break;
      default:
        valid = Apply({0, kWidth, sign()}, next);
        break;
    }
    if (valid) candidate = next;
  }
}

SearchResult IntegerSearch::Anneal(const RelaxedDesign& start, const AnnealingOptions& options, base::Random random) {
  SearchResult best;
  Candidate current = Round(start, random);
  if (!IsAdmitted(problem_, current)) return best;
  const double scale = std::max(1.0, std::abs(start.objective));
  Measures measures = evaluator_.Evaluate(current);
  best = {current, measures, true};
  if (IsOneStructure()) return best;

  const double weight_factor = std::pow(options.weight_end / options.weight_start, 1.0 / options.steps);
  const double temperature_factor = std::pow(options.temperature_end / options.temperature_start, 1.0 / options.steps);
  double weight = options.weight_start;
  double temperature = options.temperature_start;
  for (int step = 0; step < options.steps; ++step, weight *= weight_factor, temperature *= temperature_factor) {
    if (step % kStepsBetweenChecks == 0 && give_up_(work())) break;
    ++tried_;
    Candidate next = current;
    Propose(random, next);
    if (!IsAdmitted(problem_, next)) continue;
    const Measures next_measures = evaluator_.Evaluate(next);
    const double change = weight * (next_measures.excess - measures.excess) - (next_measures.objective - measures.objective) / scale;
    if (change > 0 && random.Uniform() >= std::exp(-change / temperature)) continue;
    current = next;
    measures = next_measures;
    if (IsBetter(measures, best.measures)) best = {current, measures, true};
  }
  return best;
}

SearchResult IntegerSearch::From(const Candidate& candidate) {
  Candidate admitted = candidate;
  if (!IsAdmitted(problem_, candidate)) {
    std::vector<double> widths, bottlenecks, depths;
    std::vector<KernelChoice> kernels;
    for (size_t i = 0; i < candidate.blocks.size(); ++i) {
      const BlockChoice& choice = candidate.blocks[i];
      const std::vector<KernelChoice>& offered = problem_.blocks[i].kernels;
      const bool is_offered = std::find(offered.begin(), offered.end(), choice.kernel) != offered.end();
      widths.push_back(choice.out_channels);
      bottlenecks.push_back(choice.bottleneck_channels);
      depths.push_back(choice.depth);
      kernels.push_back(is_offered ? choice.kernel : offered.front());
    }
    admitted = RoundToAdmitted(problem_, widths, bottlenecks, depths, kernels);
    if (!IsAdmitted(problem_, admitted)) return {};
  }
  return {admitted, evaluator_.Evaluate(admitted), true};
}

// Of the variables that have more than one value.
std::vector<IntegerSearch::Move> IntegerSearch::SingleMoves() const {
  std::vector<Move> moves;
  const auto add = [&](size_t block, Variable variable, bool varies) {
    if (!varies) return;
    for (const int delta : {1, -1, 2, -2}) moves.push_back({block, variable, delta});
  };
  const auto varies = [](const Range& range) { return range.low < range.high; };
  for (size_t i = 0; i < problem_.blocks.size(); ++i) {
    const BlockVariables& block = problem_.blocks[i];
    add(i, Variable::kWidth, varies(block.out_channels));
    add(i, Variable::kBottleneck, varies(block.bottleneck_channels));
    add(i, Variable::kDepth, varies(block.depth));
    add(i, Variable::kKernel, block.kernels.size() > 1);
  }
  return moves;
}

// Whether the ranges hold nothing else, so that there is no move to try.
bool IntegerSearch::IsOneStructure() const {
  return std::ranges::all_of(problem_.blocks, [](const BlockVariables& block) { return block.HoldsOneChoice(); });
}

SearchResult IntegerSearch::Exchange(SearchResult start) {
  const std::vector<Move> moves = SingleMoves();
  SearchResult best = std::move(start);
  bool improved = best.found;
  while (improved) {
    improved = false;
    const Candidate centre = best.candidate;
    const auto consider = [&](const Candidate& candidate) {
      ++tried_;
      if (!IsAdmitted(problem_, candidate)) return;
      const Measures measures = evaluator_.Evaluate(candidate);
      if (!IsBetter(measures, best.measures)) return;
      best = {candidate, measures, true};
      improved = true;
    };
    for (size_t i = 0; i < moves.size(); ++i) {
      if (give_up_(work())) return best;
      Candidate one = centre;
      if (!Apply(moves[i], one)) continue;
      consider(one);
      for (size_t j = i + 1; j < moves.size(); ++j) {
        Candidate two = one;
        if (Apply(moves[j], two)) consider(two);
      }
    }
  }
  return best;
}

}  // namespace deepmad::mad
