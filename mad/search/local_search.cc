#include "mad/search/local_search.h"

#include <algorithm>
#include <cmath>

#include "mad/problem/feasibility.h"

namespace deepmad::mad {
namespace {

// Variables of a stage behind the stem's width.
enum StageVariable { kWidth, kBottleneck, kDepth, kKernel, kStageVariables };

constexpr int kStepsBetweenChecks = 512;

int VariableOf(size_t stage, StageVariable variable) { return 1 + static_cast<int>(stage) * kStageVariables + variable; }

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
  if (move.variable == 0) {
    candidate.stem_channels += move.delta * multiple;
    return problem_.stem.out_channels.Contains(candidate.stem_channels);
  }
  const size_t index = static_cast<size_t>(move.variable - 1) / kStageVariables;
  const StageVariables& stage = problem_.stages[index];
  StageChoice& choice = candidate.stages[index];
  switch ((move.variable - 1) % kStageVariables) {
    case kWidth:
      choice.out_channels += move.delta * multiple;
      return stage.out_channels.Contains(choice.out_channels);
    case kBottleneck:
      choice.bottleneck_channels += move.delta * multiple;
      return stage.bottleneck_channels.high > 0 && stage.bottleneck_channels.Contains(choice.bottleneck_channels);
    case kDepth:
      choice.depth += move.delta;
      return stage.depth.Contains(choice.depth);
    default: {
      const auto at = std::find(stage.kernels.begin(), stage.kernels.end(), choice.kernel) - stage.kernels.begin() + move.delta;
      if (at < 0 || at >= static_cast<std::ptrdiff_t>(stage.kernels.size())) return false;
      choice.kernel = stage.kernels[static_cast<size_t>(at)];
      return true;
    }
  }
}

Candidate IntegerSearch::Round(const RelaxedDesign& start, base::Random& random) const {
  std::vector<double> widths = start.widths, bottlenecks = start.bottlenecks, depths = start.depths;
  for (double& width : widths) width += problem_.channel_multiple * random.Uniform(-1, 1);
  for (double& bottleneck : bottlenecks) bottleneck += problem_.channel_multiple * random.Uniform(-1, 1);
  for (double& depth : depths) depth += random.Uniform(-0.5, 0.5);
  return RoundToAdmitted(problem_, widths, bottlenecks, depths, start.kernels);
}

// One to three moves; pairs trade one quantity for another, because with the budgets used up nothing else stays feasible.
void IntegerSearch::Propose(base::Random& random, Candidate& candidate) const {
  const int stages = static_cast<int>(problem_.stages.size());
  const auto any_stage = [&] { return static_cast<size_t>(random.UniformInt(0, stages - 1)); };
  const auto sign = [&] { return random.NextBits() & 1 ? 1 : -1; };
  const int count = static_cast<int>(random.UniformInt(1, 3));
  for (int i = 0; i < count; ++i) {
    Candidate next = candidate;
    bool valid = false;
    switch (random.UniformInt(0, 15)) {
      case 0:
      case 1:
      case 2:
        valid = Apply({VariableOf(any_stage(), kWidth), sign() * static_cast<int>(random.UniformInt(1, 4))}, next);
        break;
      case 3:
      case 4:
        valid = Apply({VariableOf(any_stage(), kBottleneck), sign()}, next);
        break;
      case 5:
      case 6:
        valid = Apply({VariableOf(any_stage(), kWidth), 1}, next) && Apply({VariableOf(any_stage(), kWidth), -1}, next);
        break;
      case 7:
      case 8:
        valid = Apply({VariableOf(any_stage(), kBottleneck), 1}, next) && Apply({VariableOf(any_stage(), kBottleneck), -1}, next);
        break;
      case 9:
      case 10:
        valid = Apply({VariableOf(any_stage(), kDepth), sign()}, next);
        break;
      case 11:
      case 12:
        valid = Apply({VariableOf(any_stage(), kDepth), 1}, next) && Apply({VariableOf(any_stage(), kDepth), -1}, next);
        break;
      case 13: {
        const int direction = sign();
        valid =
            Apply({VariableOf(any_stage(), kBottleneck), direction}, next) && Apply({VariableOf(any_stage(), kDepth), -direction}, next);
        break;
      }
      case 14:
        valid = Apply({VariableOf(any_stage(), kKernel), sign()}, next);
        break;
      default:
        valid = Apply({0, sign()}, next);
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
    std::vector<double> widths{static_cast<double>(candidate.stem_channels)}, bottlenecks, depths;
    std::vector<KernelChoice> kernels;
    for (size_t i = 0; i < candidate.stages.size(); ++i) {
      const StageChoice& choice = candidate.stages[i];
      const std::vector<KernelChoice>& offered = problem_.stages[i].kernels;
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

std::vector<IntegerSearch::Move> IntegerSearch::SingleMoves() const {
  std::vector<Move> moves;
  const int variables = VariableOf(problem_.stages.size() - 1, kKernel) + 1;
  for (int variable = 0; variable < variables; ++variable) {
    for (const int delta : {1, -1, 2, -2}) moves.push_back({variable, delta});
  }
  return moves;
}

// Whether the ranges hold nothing else, so that there is no move to try.
bool IntegerSearch::IsOneStructure() const {
  const auto fixed = [](const Range& range) { return range.low == range.high; };
  return fixed(problem_.stem.out_channels) && std::all_of(problem_.stages.begin(), problem_.stages.end(), [&](const StageVariables& stage) {
           return fixed(stage.out_channels) && fixed(stage.bottleneck_channels) && fixed(stage.depth) && stage.kernels.size() == 1;
         });
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
