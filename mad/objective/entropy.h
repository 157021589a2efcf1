// Entropy and effectiveness of a structure in closed form (DeepMAD, arXiv 2303.02165, sections 3.1 to 3.3), written once over the scalar
// type. The final check, the searches and the relaxation all use these functions.
//   H_s   = S_s * ln(M_s^2 C_s), or S_s + ln C_s in some formulations
//   S_s   = sum over the units up to the end of stage s of f * ln w, and what else the formulation counts
//   rho_s = L_s * exp(-(sum of ln w up to the end of stage s) / L_s),  L_s = layers up to there: depth over mean width
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "mad/cost/block_cost.h"
#include "mad/objective/formulation.h"

namespace deepmad::mad {

// Sums over units: those of a block, or those from the input up to the end of a block.
template <typename T>
struct UnitSums {
  T log_width{};  // of ln w
  T layers{};
  T entropy{};  // of UnitsEntropy
};

template <typename T>
struct StageScore {
  UnitSums<T> sums;   // from the input to the stage's end
  T entropy{};        // H_s
  T effectiveness{};  // rho_s
};

template <typename T>
struct Score {
  std::vector<StageScore<T>> stages;
  T weighted_entropy{};  // sum alpha_s H_s
  T depth_penalty{};     // depth_penalty * exp(std or variance of the residual blocks' depths)
  T objective{};         // their difference
};

// What units add to S: their sum of ln w, `units` times ln alpha, and what quantisation adds.
template <typename T>
T UnitsEntropy(const T& log_width, const T& units, double log_alpha, const T& log_quantisation, const Formulation& formulation) {
  T entropy = T(formulation.entropy_factor) * (log_width + T(log_alpha) * units);
  if (formulation.counts_quantisation) entropy += log_quantisation;
  return entropy;
}

template <typename T>
T StageEntropy(const T& sum, const T& log_channels, double log_map_area, const Formulation& formulation) {
  return formulation.entropy_form == EntropyForm::kPlusWidth ? sum + log_channels : sum * (log_channels + T(log_map_area));
}

// Returns rho of the layers and widths from the input to a stage's end.
template <typename T>
T Effectiveness(const UnitSums<T>& sums) {
  using std::exp;
  return sums.layers * exp(-sums.log_width / sums.layers);
}

// Returns ln rho; `log_layers` is ln of sums.layers.
inline double LogEffectiveness(const UnitSums<double>& sums, double log_layers) { return log_layers - sums.log_width / sums.layers; }

// Returns L ln(L / limit) - sum of ln w: at most 0 exactly where rho <= limit, smooth, and convex in the layers L.
template <typename T>
T EffectivenessExcess(const UnitSums<T>& sums, double limit) {
  using std::log;
  return sums.layers * log(sums.layers / T(limit)) - sums.log_width;
}

// Sums the weighted entropy of a structure block by block, from the input on.
template <typename T>
class ScoreSum {
 public:
  // Keeps the references.
  ScoreSum(const ScoreLayout& layout, const Formulation& formulation, const Objective& objective)
      : layout_(layout), formulation_(formulation), objective_(objective) {}

  // Adds the next block: the sums over its units, and ln of its output channels. Returns whether the block ends a stage; sums() and
  // stage_entropy() are then those of the stage.
  bool Add(const UnitSums<T>& units, const T& log_channels) {
    const size_t block = block_++;
    sums_.log_width += units.log_width;
    sums_.layers += units.layers;
    sums_.entropy += units.entropy;
    if (!layout_.ends_stage[block]) return false;
    stage_entropy_ = StageEntropy(sums_.entropy, log_channels, layout_.log_map_area[block], formulation_);
    weighted_entropy_ += T(objective_.stage_weights[static_cast<size_t>(layout_.stage[block])]) * stage_entropy_;
    return true;
  }

  const UnitSums<T>& sums() const { return sums_; }
  const T& stage_entropy() const { return stage_entropy_; }
  const T& weighted_entropy() const { return weighted_entropy_; }

 private:
  const ScoreLayout& layout_;
  const Formulation& formulation_;
  const Objective& objective_;
  size_t block_ = 0;
  UnitSums<T> sums_;
  T stage_entropy_{}, weighted_entropy_{};
};

// Population variance of the depths that count; 0 without any.
template <typename T>
T DepthVariance(const std::vector<BlockTotals<T>>& blocks, const ScoreLayout& layout) {
  T sum{};
  T square_sum{};
  double count = 0;
  for (size_t i = 0; i < blocks.size(); ++i) {
    if (!layout.in_penalty[i]) continue;
    sum += blocks[i].depth;
    count += 1;
  }
  if (count == 0) return T{};
  const T mean = sum / T(count);
  for (size_t i = 0; i < blocks.size(); ++i) {
    if (!layout.in_penalty[i]) continue;
    const T difference = blocks[i].depth - mean;
    square_sum += difference * difference;
  }
  return square_sum / T(count);
}

// The population variance of whole depths in one pass: their sums are exact.
class WholeDepths {
 public:
  void Add(int depth) {
    sum_ += depth;
    square_sum_ += static_cast<double>(depth) * depth;
    count_ += 1;
  }
  double Variance() const {
    if (count_ == 0) return 0;
    const double mean = sum_ / count_;
    return std::max(0.0, square_sum_ / count_ - mean * mean);
  }

 private:
  double sum_ = 0, square_sum_ = 0, count_ = 0;
};

template <typename T>
T DepthPenalty(const T& variance, const Objective& objective) {
  using std::exp;
  using std::sqrt;
  if (objective.depth_term == DepthTerm::kNone) return T{};
  return T(objective.depth_penalty) * exp(objective.depth_term == DepthTerm::kExpStd ? sqrt(variance) : variance);
}

// `smoothing` is added to the variance under the square root, so that the relaxation is differentiable at equal depths.
template <typename T>
Score<T> ScoreStructure(const std::vector<BlockTotals<T>>& blocks, const ScoreLayout& layout, const Formulation& formulation,
                        const Objective& objective, double smoothing = 0) {
  using std::log;
  Score<T> score;
  ScoreSum<T> sum(layout, formulation, objective);
  for (size_t i = 0; i < blocks.size(); ++i) {
    const BlockTotals<T>& block = blocks[i];
    const UnitSums<T> units{block.log_width, block.layers,
                            UnitsEntropy(block.log_width, block.depth, layout.log_alpha[i], block.log_quantisation, formulation)};
    if (sum.Add(units, log(block.out_channels))) score.stages.push_back({sum.sums(), sum.stage_entropy(), Effectiveness(sum.sums())});
  }
  score.weighted_entropy = sum.weighted_entropy();
  score.depth_penalty = DepthPenalty(DepthVariance(blocks, layout) + T(smoothing), objective);
  score.objective = score.weighted_entropy - score.depth_penalty;
  return score;
}

}  // namespace deepmad::mad
