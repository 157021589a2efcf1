#include "train/study/predictors.h"

#include <cmath>

#include "mad/cost/unit_cost.h"
#include "mad/problem/budget.h"

namespace deepmad::train {
namespace {

struct Widths {
  double logs = 0, inverses = 0;  // sums
  int layers = 0;
};

void Add(const std::vector<mad::Layer<double>>& layers, Widths& widths) {
  for (const mad::Layer<double>& layer : layers) {
    if (layer.kind != mad::LayerKind::kConv) continue;
    widths.logs += std::log(mad::ConvFanIn(layer));
    widths.inverses += 1 / mad::ConvFanIn(layer);
    ++widths.layers;
  }
}

Widths WidthsOf(const mad::NetworkSpec& network) {
  Widths widths;
  for (const mad::PlacedBlock& block : mad::PlaceBlocks(network)) {
    for (const mad::Unit<double>& unit : mad::BlockUnits(block)) {
      for (const mad::Branch<double>& branch : unit) {
        Add(branch.main, widths);
        Add(branch.post, widths);
      }
    }
  }
  return widths;
}

}  // namespace

std::vector<std::pair<std::string, double>> Predictors(const mad::NetworkSpec& network, const mad::Assessment& assessment) {
  const Widths widths = WidthsOf(network);
  return {{"objective", assessment.score.objective},
          {"weighted_entropy", assessment.score.weighted_entropy},
          {"effectiveness", assessment.used[mad::kEffectiveness]},
          {"flops", assessment.used[mad::kFlops]},
          {"params", assessment.used[mad::kParams]},
          {"layers", assessment.cost.layers},
          {"mean_log_width", widths.logs / widths.layers},
          {"inverse_widths", widths.inverses}};
}

}  // namespace deepmad::train
