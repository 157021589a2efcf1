// Entropy and effectiveness of a structure in closed form (DeepMAD, arXiv 2303.02165, sections 3.1 to 3.3), written once over the scalar
// type.
//   H_s   = S_s * ln(M_s^2 C_s), or S_s + ln C_s in some formulations
//   S_s   = sum over the units up to the end of stage s of f * ln w, and what else the formulation counts
//   rho_s = L_s * exp(-(sum of ln w up to the end of stage s) / L_s),  L_s = layers up to there: depth over mean width
#pragma once

#include <cmath>
#include <vector>

#include "mad/cost/block_cost.h"
#include "mad/objective/formulation.h"

namespace deepmad::mad {

template <typename T>
struct StageScore {
  T log_width{};      // sum of ln w from the input to the stage's end
  T layers{};         // the same for layers
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

// `smoothing` is added to the variance under the square root, so that the relaxation is differentiable at equal depths.
template <typename T>
T DepthPenalty(const std::vector<BlockTotals<T>>& blocks, const ScoreLayout& layout, const Objective& objective, double smoothing = 0) {
  using std::exp;
  using std::sqrt;
  if (objective.depth_term == DepthTerm::kNone) return T{};
  const T variance = DepthVariance(blocks, layout) + T(smoothing);
  return T(objective.depth_penalty) * exp(objective.depth_term == DepthTerm::kExpStd ? sqrt(variance) : variance);
}

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

template <typename T>
Score<T> ScoreStructure(const std::vector<BlockTotals<T>>& blocks, const ScoreLayout& layout, const Formulation& formulation,
                        const Objective& objective, double smoothing = 0) {
  using std::exp;
  using std::log;
  Score<T> score;
  T log_width{};
  T layers{};
  T sum{};
  for (size_t i = 0; i < blocks.size(); ++i) {
    log_width += blocks[i].log_width;
    sum += UnitsEntropy(blocks[i].log_width, blocks[i].depth, layout.log_alpha[i], blocks[i].log_quantisation, formulation);
    layers += blocks[i].layers;
    if (i + 1 < blocks.size() && layout.stage[i + 1] == layout.stage[i]) continue;
    StageScore<T> stage{log_width, layers};
    stage.entropy = StageEntropy(sum, log(blocks[i].out_channels), layout.log_map_area[i], formulation);
    stage.effectiveness = layers * exp(-log_width / layers);
    score.weighted_entropy += T(objective.stage_weights[score.stages.size()]) * stage.entropy;
    score.stages.push_back(stage);
  }
  score.depth_penalty = DepthPenalty(blocks, layout, objective, smoothing);
  score.objective = score.weighted_entropy - score.depth_penalty;
  return score;
}

}  // namespace deepmad::mad
