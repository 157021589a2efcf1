#include "mad/bound/tangents.h"

#include <algorithm>
#include <cmath>

#include "mad/objective/entropy.h"

namespace deepmad::mad {

DepthPenaltyTangent::DepthPenaltyTangent(const Objective& objective, const ScoreLayout& layout) : objective_(objective), layout_(layout) {
  if (objective.depth_term == DepthTerm::kNone || objective.depth_penalty == 0) return;
  counted_ = static_cast<int>(std::count(layout.in_penalty.begin(), layout.in_penalty.end(), true));
  if (counted_ == 0) constant_ = DepthPenalty(0.0, objective);
}

// Population standard deviation of the depths that count.
double DepthPenaltyTangent::Deviation(const std::vector<double>& depths) const {
  double mean = 0, variance = 0;
  for (size_t i = 0; i < depths.size(); ++i) mean += layout_.in_penalty[i] ? depths[i] / counted_ : 0;
  for (size_t i = 0; i < depths.size(); ++i) {
    if (layout_.in_penalty[i]) variance += (depths[i] - mean) * (depths[i] - mean) / counted_;
  }
  return std::sqrt(variance);
}

double DepthPenaltyTangent::At(const std::vector<double>& at, std::vector<double>& slopes) const {
  slopes.assign(at.size(), 0.0);
  if (counted_ == 0) return constant_;
  const double deviation = Deviation(at);
  const bool std_form = objective_.depth_term == DepthTerm::kExpStd;
  const double penalty = objective_.depth_penalty * std::exp(std_form ? deviation : deviation * deviation);
  double mean = 0;
  for (size_t i = 0; i < at.size(); ++i) mean += layout_.in_penalty[i] ? at[i] / counted_ : 0;
  double constant = penalty;
  for (size_t i = 0; i < at.size(); ++i) {
    if (!layout_.in_penalty[i] || deviation == 0) continue;
    slopes[i] = penalty * (at[i] - mean) / counted_ * (std_form ? 1 / deviation : 2);
    constant -= slopes[i] * at[i];
  }
  return constant;
}

double DepthPenaltyTangent::Largest(const Box& box) const {
  if (counted_ == 0) return constant_;
  double widest = 0;  // no deviation exceeds half the distance of the extremes
  for (size_t a = 0; a < box.blocks.size(); ++a) {
    for (size_t b = 0; b < box.blocks.size(); ++b) {
      if (layout_.in_penalty[a] && layout_.in_penalty[b])
        widest = std::max(widest, (box.blocks[a].depth.high - box.blocks[b].depth.low) / 2.0);
    }
  }
  const double exponent = objective_.depth_term == DepthTerm::kExpStd ? widest : widest * widest;
  return objective_.depth_penalty * std::exp(std::min(exponent, 600.0));
}

// Depths of the box that are as equal as it allows.
std::vector<double> DepthPenaltyTangent::Flattest(const Box& box) const {
  double low = 1e300, high = -1e300;
  for (size_t i = 0; i < box.blocks.size(); ++i) {
    if (!layout_.in_penalty[i]) continue;
    low = std::min<double>(low, box.blocks[i].depth.low);
    high = std::max<double>(high, box.blocks[i].depth.high);
  }
  std::vector<double> depths(box.blocks.size());
  for (int step = 0; step < 50; ++step) {  // mean of clamp(level) - level falls with the level
    const double level = (low + high) / 2;
    double excess = 0;
    for (size_t i = 0; i < depths.size(); ++i) {
      depths[i] = std::clamp<double>(level, box.blocks[i].depth.low, box.blocks[i].depth.high);
      if (layout_.in_penalty[i]) excess += depths[i] - level;
    }
    (excess > 0 ? low : high) = level;
  }
  return depths;
}

std::vector<double> DepthPenaltyTangent::Fit(const Box& box, const std::vector<double>& wanted, double objective) const {
  constexpr double kUsefulShare = 0.05;  // of the objective
  std::vector<double> far = wanted;
  for (size_t i = 0; i < far.size(); ++i) far[i] = std::clamp<double>(far[i], box.blocks[i].depth.low, box.blocks[i].depth.high);
  if (counted_ == 0) return far;
  const std::vector<double> near = Flattest(box);
  const double exponent = std::log(std::max(1.0, kUsefulShare * std::abs(objective) / objective_.depth_penalty));
  // Beyond this the exponential itself has no number: a tangent outside the box then serves.
  const double largest = objective_.depth_term == DepthTerm::kExpStd ? 300 : std::sqrt(300.0);
  const double useful = objective_.depth_term == DepthTerm::kExpStd ? exponent : std::sqrt(exponent);
  const double cap = std::min(std::max(useful, Deviation(near)), largest);
  const auto blend = [&](double share) {
    std::vector<double> point = near;
    for (size_t i = 0; i < point.size(); ++i) point[i] += share * (far[i] - near[i]);
    return point;
  };
  double low = 0, high = 1;
  if (Deviation(far) <= cap) return far;
  for (int step = 0; step < 20; ++step) (Deviation(blend((low + high) / 2)) <= cap ? low : high) = (low + high) / 2;
  std::vector<double> point = blend(low);
  if (const double deviation = Deviation(point); deviation > largest) {
    for (double& depth : point) depth *= largest / deviation;
  }
  return point;
}

}  // namespace deepmad::mad
