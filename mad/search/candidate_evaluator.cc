#include "mad/search/candidate_evaluator.h"

#include <algorithm>
#include <cmath>

#include "mad/objective/entropy.h"
#include "mad/problem/budget_tolerance.h"

namespace deepmad::mad {
namespace {

constexpr int kTableBits = 9;  // a search around one optimum meets few blocks again and again

}  // namespace

Evaluator::Evaluator(const DesignProblem& problem)
    : problem_(problem), forms_(problem), known_(forms_.blocks.size(), std::vector<BlockNumbers>(size_t{1} << kTableBits)) {
  for (const Budget budget : kEveryBudget) {
    const std::optional<double>& limit = Limit(problem, budget);
    if (limit) most_[budget] = IsAdditive(budget) ? MostAllowed(*limit) : std::log(MostAllowed(*limit));
  }
}

double Evaluator::Log(int value) {
  const size_t index = static_cast<size_t>(value);
  if (index >= log_.size()) {
    const size_t size = std::max(index + 1, 2 * log_.size());
    for (size_t i = log_.size(); i < size; ++i) log_.push_back(std::log(static_cast<double>(i)));
  }
  return log_[index];
}

Evaluator::UnitNumbers Evaluator::At(const UnitFormulas& form, double log_alpha, const std::array<double, kSymbols>& numbers,
                                     const std::array<double, kSymbols>& logs) const {
  UnitNumbers result{};
  for (const Budget budget : kEveryAdditive) result.amounts[budget] = form.amounts[budget].At(numbers, logs);
  result.log_width = form.log_width.At(numbers, logs);
  result.entropy = UnitsEntropy(result.log_width, 1.0, log_alpha, form.log_quantisation, *problem_.formulation);
  return result;
}

const Evaluator::BlockNumbers& Evaluator::Numbers(size_t block, int in_channels, const BlockChoice& choice) {
  // Channels take 16 bits each and the bottleneck 17 (mad/problem/problem_stages.cc), the kernel 14; the top bit tells a key from an empty
  // entry.
  const uint64_t key = uint64_t{1} << 63 | static_cast<uint64_t>(in_channels - 1) << 47 |
                       static_cast<uint64_t>(choice.out_channels - 1) << 31 | static_cast<uint64_t>(choice.bottleneck_channels) << 14 |
                       choice.kernel.Code();
  BlockNumbers& entry = known_[block][key * 0x9E3779B97F4A7C15ull >> (64 - kTableBits)];
  if (entry.key == key) return entry;

  const BlockForms& block_forms = forms_.blocks[block];
  const int hidden = static_cast<int>(block_forms.Hidden(choice.bottleneck_channels));
  const std::array<int, kSymbols> integers{in_channels, choice.out_channels, choice.bottleneck_channels, hidden};
  std::array<double, kSymbols> numbers{}, logs{};
  for (size_t i = 0; i < kSymbols; ++i) {
    numbers[i] = integers[i];
    logs[i] = Log(integers[i]);
  }
  const KernelForms& forms = block_forms.OfKernel(choice.kernel);
  entry.key = key;
  entry.first = At(forms.First(in_channels != choice.out_channels), forms.log_alpha, numbers, logs);
  entry.other = At(forms.other, forms.log_alpha, numbers, logs);
  return entry;
}

Measures Evaluator::Evaluate(const Candidate& candidate) {
  ++evaluations_;
  Measures measures;
  const ScoreLayout& layout = forms_.layout;
  measures.log_effectiveness = -1e300;
  ScoreSum<double> sum(layout, *problem_.formulation, problem_.objective);
  WholeDepths depths;
  int in_channels = problem_.input.channels;
  for (size_t i = 0; i < forms_.blocks.size(); ++i) {
    const BlockChoice& choice = candidate.blocks[i];
    const BlockNumbers& numbers = Numbers(i, in_channels, choice);
    const double others = choice.depth - 1;
    const auto of_units = [&](double first, double other) { return first + others * other; };
    for (size_t b = 0; b < kAdditiveBudgets; ++b) measures.used[b] += of_units(numbers.first.amounts[b], numbers.other.amounts[b]);
    if (layout.in_penalty[i]) depths.Add(choice.depth);
    in_channels = choice.out_channels;
    const UnitSums<double> units{of_units(numbers.first.log_width, numbers.other.log_width),
                                 of_units(numbers.first.amounts[kLayers], numbers.other.amounts[kLayers]),
                                 of_units(numbers.first.entropy, numbers.other.entropy)};
    if (!sum.Add(units, Log(in_channels))) continue;
    const double log_layers = Log(static_cast<int>(sum.sums().layers));
    measures.log_effectiveness = std::max(measures.log_effectiveness, LogEffectiveness(sum.sums(), log_layers));
  }
  measures.objective = sum.weighted_entropy() - DepthPenalty(depths.Variance(), problem_.objective);
  for (const Budget budget : kEveryAdditive) {
    const HeadAmount& head = forms_.head[budget];
    measures.used[budget] += head.per_channel * in_channels + head.constant;
  }
  for (const Budget budget : kEveryBudget) measures.excess += Excess(measures, budget);
  return measures;
}

double Evaluator::Excess(const Measures& measures, Budget budget) const {
  if (!most_[budget]) return 0;
  return std::max(0.0, IsAdditive(budget) ? measures.used[budget] / *most_[budget] - 1 : measures.log_effectiveness - *most_[budget]);
}

}  // namespace deepmad::mad
