#include "train/study/structure_cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "base/error.h"
#include "base/random.h"
#include "mad/problem/budget.h"
#include "mad/problem/feasibility.h"
#include "mad/search/candidate_evaluator.h"

namespace deepmad::train {
namespace {

constexpr uint64_t kStream = 4;  // of kSearch
constexpr int64_t kChains = 8;
constexpr int64_t kBurnIn = 30'000, kThinning = 60;  // steps of a chain

double ValueOf(const std::string& name, const mad::Measures& measures) {
  for (const mad::Budget budget : mad::kEveryBudget) {
    if (name == mad::kBudgetInfos[budget].name) return measures.Used(budget);
  }
  return 0;
}

// How far the structure is outside: 0 within all windows and budgets, else a sum of logarithms of ratios.
double Distance(const CellOptions& options, const mad::Measures& measures) {
  double distance = measures.excess;
  for (const auto& [name, window] : options.windows) {
    const double value = ValueOf(name, measures);
    distance += std::max({0.0, std::log(window.low / value), std::log(value / window.high)});
  }
  return distance;
}

// Moves one integer of a structure. A move and its inverse are equally likely; where the result is not admitted the chain stays.
void MoveOne(const mad::DesignProblem& problem, mad::Candidate& candidate, base::Random& random) {
  const int64_t sign = random.Bernoulli(0.5) ? 1 : -1;
  const int width_step = static_cast<int>(sign * random.UniformInt(1, 4)) * problem.channel_multiple;
  const auto place = static_cast<size_t>(random.UniformInt(1, static_cast<int64_t>(problem.Stages())));
  mad::BlockChoice& stage = candidate.blocks[place];
  switch (random.UniformInt(0, 4)) {
    case 0:
      stage.depth += static_cast<int>(sign * random.UniformInt(1, 2));
      break;
    case 1:
      stage.out_channels += width_step;
      break;
    case 2:
      if (stage.bottleneck_channels > 0) stage.bottleneck_channels += width_step;
      break;
    case 3:
      candidate.blocks.front().out_channels += width_step;
      break;
    default: {
      const std::vector<mad::KernelChoice>& kernels = problem.blocks[place].kernels;
      stage.kernel = kernels[static_cast<size_t>(random.UniformInt(0, static_cast<int64_t>(kernels.size()) - 1))];
    }
  }
}

std::vector<int> Numbers(const mad::Candidate& candidate) {
  std::vector<int> numbers;
  for (const mad::BlockChoice& block : candidate.blocks) {
    numbers.insert(numbers.end(), {static_cast<int>(block.kernel.Code()), block.depth, block.out_channels, block.bottleneck_channels});
  }
  return numbers;
}

// One chain. Outside the windows it is drawn inwards, the more strongly the longer it has run; once within, it may leave them for a few
// steps, so that separate regions are all reached.
class Chain {
 public:
  Chain(const mad::DesignProblem& problem, const CellOptions& options, uint64_t seed, uint64_t index)
      : problem_(problem),
        options_(options),
        evaluator_(problem),
        random_(seed, base::RandomPurpose::kSearch, kStream, index),
        candidate_(mad::SmallestCandidate(problem)),
        measures_(evaluator_.Evaluate(candidate_)),
        distance_(Distance(options, measures_)) {}

  void Step(double temperature) {
    mad::Candidate next = candidate_;
    for (int64_t moves = random_.UniformInt(1, 3); moves > 0; --moves) MoveOne(problem_, next, random_);
    const double luck = random_.Uniform();
    if (!mad::IsAdmitted(problem_, next)) return;
    const mad::Measures measures = evaluator_.Evaluate(next);
    const double distance = Distance(options_, measures);
    if (distance > distance_ && luck >= std::exp((distance_ - distance) / temperature)) return;
    candidate_ = std::move(next);
    measures_ = measures;
    distance_ = distance;
  }

  bool within() const { return distance_ == 0; }
  SampledStructure sample() const { return {candidate_, measures_.objective, measures_.used[mad::kLayers]}; }

 private:
  const mad::DesignProblem& problem_;
  const CellOptions& options_;
  mad::Evaluator evaluator_;
  base::Random random_;
  mad::Candidate candidate_;
  mad::Measures measures_;
  double distance_;
};

// Least values of the parts 1..parts-1, which are equal shares of the values by order.
std::vector<double> Limits(std::vector<double> values, int parts) {
  std::sort(values.begin(), values.end());
  std::vector<double> limits;
  for (int part = 1; part < parts; ++part) limits.push_back(values[values.size() * static_cast<size_t>(part) / static_cast<size_t>(parts)]);
  return limits;
}

// Part 0..parts-1 of each sample by its layers. Of samples with equally many, the earlier ones belong to the earlier part.
std::vector<int> LayerParts(const std::vector<SampledStructure>& samples, int parts) {
  std::vector<size_t> order(samples.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return samples[a].layers < samples[b].layers; });
  std::vector<int> result(samples.size());
  for (size_t rank = 0; rank < order.size(); ++rank)
    result[order[rank]] = static_cast<int>(rank * static_cast<size_t>(parts) / order.size());
  return result;
}

// Distance of a value from part `part` of the limits, 0 inside.
double FromPart(double value, int part, const std::vector<double>& limits) {
  const auto at = static_cast<size_t>(part);
  const double low = part == 0 ? -std::numeric_limits<double>::infinity() : limits[at - 1];
  const double high = at == limits.size() ? std::numeric_limits<double>::infinity() : limits[at];
  return std::max({0.0, low - value, value - high});
}

}  // namespace

std::vector<std::string> WindowNames() { return {"effectiveness", "flops", "params", "layers"}; }

std::vector<SampledStructure> SampleStructures(const mad::DesignProblem& problem, const CellOptions& options, uint64_t seed) {
  constexpr double kHot = 0.3, kCold = 0.02;
  const int64_t most_steps = 20 * kThinning * options.samples / kChains;
  std::vector<SampledStructure> samples;
  std::set<std::vector<int>> known;
  for (int64_t c = 0; c < kChains; ++c) {
    Chain chain(problem, options, seed, static_cast<uint64_t>(c));
    for (int64_t i = 0; i < kBurnIn; ++i) chain.Step(kHot * std::pow(kCold / kHot, static_cast<double>(i) / kBurnIn));
    const auto wanted = static_cast<size_t>(options.samples * (c + 1) / kChains);
    for (int64_t i = 0; i < most_steps && samples.size() < wanted; ++i) {
      chain.Step(kCold);
      if (i % kThinning != 0 || !chain.within()) continue;
      const SampledStructure sample = chain.sample();
      if (known.insert(Numbers(sample.candidate)).second) samples.push_back(sample);
    }
  }
  if (static_cast<int64_t>(samples.size()) * 10 >= options.samples) return samples;
  throw base::InfeasibleError(fmt::format("only {} of {} structures were found within the windows", samples.size(), options.samples),
                              problem.name, "widen the windows, or ask for fewer samples");
}

std::vector<mad::NetworkSpec> OneOfEachCell(const mad::DesignProblem& problem, const CellOptions& options, uint64_t seed) {
  const mad::DesignProblem tight = mad::WithTightRanges(problem);
  const std::vector<SampledStructure> samples = SampleStructures(tight, options, seed);
  std::vector<double> objectives;
  for (const SampledStructure& sample : samples) objectives.push_back(sample.objective);
  const std::vector<int> layer_part = LayerParts(samples, options.layer_parts);
  const std::vector<double> objective_limits = Limits(objectives, options.objective_parts);
  base::Random random(seed, base::RandomPurpose::kSearch, kStream, static_cast<uint64_t>(kChains));
  std::vector<bool> taken(samples.size());
  std::vector<mad::NetworkSpec> chosen;
  for (int l = 0; l < options.layer_parts; ++l) {
    for (int o = 0; o < options.objective_parts; ++o) {
      double closest = std::numeric_limits<double>::infinity();
      std::vector<size_t> cell;
      for (size_t i = 0; i < samples.size(); ++i) {
        if (taken[i] || layer_part[i] != l) continue;
        const double distance = FromPart(samples[i].objective, o, objective_limits);
        if (distance > closest) continue;
        if (distance < closest) cell.clear();
        closest = distance;
        cell.push_back(i);
      }
      if (cell.empty()) throw base::InfeasibleError("fewer samples than cells", problem.name, "ask for more samples, or fewer cells");
      const size_t index = cell[static_cast<size_t>(random.UniformInt(0, static_cast<int64_t>(cell.size()) - 1))];
      taken[index] = true;
      chosen.push_back(mad::ToNetwork(tight, samples[index].candidate));
    }
  }
  return chosen;
}

}  // namespace deepmad::train
