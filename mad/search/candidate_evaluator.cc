#include "mad/search/candidate_evaluator.h"

#include <algorithm>
#include <cmath>

#include "mad/objective/entropy.h"
#include "mad/problem/budget_tolerance.h"

namespace deepmad::mad {
namespace {

constexpr int kTableBits = 9;  // a search around one optimum meets few blocks again and again

double Excess(double used, const std::optional<double>& limit) { return limit ? std::max(0.0, used / MostAllowed(*limit) - 1) : 0; }

}  // namespace

Evaluator::Evaluator(const DesignProblem& problem)
    : problem_(problem), forms_(problem), known_(forms_.blocks.size(), std::vector<BlockNumbers>(size_t{1} << kTableBits)) {
  if (problem.budgets.effectiveness) log_effectiveness_limit_ = std::log(MostAllowed(*problem.budgets.effectiveness));
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
  for (size_t quantity = 0; quantity < kQuantities; ++quantity) result.amounts[quantity] = form.amounts[quantity].At(numbers, logs);
  result.log_width = form.log_width.At(numbers, logs);
  result.entropy = UnitsEntropy(result.log_width, 1.0, log_alpha, form.log_quantisation, *problem_.formulation);
  return result;
}

const Evaluator::BlockNumbers& Evaluator::Numbers(size_t block, int in_channels, const StageChoice& choice) {
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
  const Formulation& formulation = *problem_.formulation;
  const ScoreLayout& layout = forms_.layout;
  const size_t blocks = layout.stage.size();
  measures.log_effectiveness = -1e300;
  double log_width = 0, entropy = 0, depth_sum = 0, depth_square_sum = 0, depth_count = 0;
  int in_channels = problem_.input.channels;
  for (size_t i = 0; i < blocks; ++i) {
    StageChoice choice;
    if (i == 0) {
      choice = {problem_.stem.kernel, 1, candidate.stem_channels, 0};
    } else if (i <= candidate.stages.size()) {
      choice = candidate.stages[i - 1];
    } else {
      choice = {TailKernel(problem_), 1, problem_.tail->out_channels, 0};
    }
    const BlockNumbers& numbers = Numbers(i, in_channels, choice);
    const double others = choice.depth - 1;
    for (size_t q = 0; q < kQuantities; ++q) measures.used[q] += numbers.first.amounts[q] + others * numbers.other.amounts[q];
    log_width += numbers.first.log_width + others * numbers.other.log_width;
    entropy += numbers.first.entropy + others * numbers.other.entropy;
    if (layout.in_penalty[i]) {
      depth_sum += choice.depth;
      depth_square_sum += static_cast<double>(choice.depth) * choice.depth;
      depth_count += 1;
    }
    in_channels = choice.out_channels;
    if (i + 1 == blocks || layout.stage[i + 1] != layout.stage[i]) {
      const double weight = problem_.objective.stage_weights[static_cast<size_t>(layout.stage[i])];
      measures.objective += weight * StageEntropy(entropy, Log(in_channels), layout.log_map_area[i], formulation);
      const double layers = measures.used[kLayers];
      measures.log_effectiveness = std::max(measures.log_effectiveness, Log(static_cast<int>(layers)) - log_width / layers);
    }
  }
  if (problem_.objective.depth_term != DepthTerm::kNone && depth_count > 0) {
    const double mean = depth_sum / depth_count;
    const double variance = std::max(0.0, depth_square_sum / depth_count - mean * mean);
    const bool std_form = problem_.objective.depth_term == DepthTerm::kExpStd;
    measures.objective -= problem_.objective.depth_penalty * std::exp(std_form ? std::sqrt(variance) : variance);
  }
  for (int q = 0; q < kQuantities; ++q) {
    const HeadAmount& head = forms_.head[static_cast<size_t>(q)];
    measures.used[static_cast<size_t>(q)] += head.per_channel * in_channels + head.constant;
    measures.excess += Excess(measures.used[static_cast<size_t>(q)], Limit(problem_, q));
  }
  if (problem_.budgets.effectiveness) measures.excess += std::max(0.0, measures.log_effectiveness - log_effectiveness_limit_);
  return measures;
}

}  // namespace deepmad::mad
