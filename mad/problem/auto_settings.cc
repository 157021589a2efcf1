#include "mad/problem/auto_settings.h"

#include <algorithm>
#include <cmath>

#include "mad/recipe/is_depthwise.h"

namespace deepmad::mad {

double AutomaticEffectiveness(const NetworkSpec& network) {
  constexpr double kFull = 0.3, kDepthwise = 0.5;
  const std::vector<PlacedBlock> blocks = PlaceBlocks(network);
  const auto depthwise = std::ranges::count_if(blocks, [](const PlacedBlock& block) { return IsDepthwise(*block.type); });
  const double residual = std::max(1, blocks.back().residual);
  return kFull * std::pow(kDepthwise / kFull, static_cast<double>(depthwise) / residual);
}

std::vector<double> AutomaticStageWeights(int stages) {
  std::vector<double> weights(static_cast<size_t>(stages), 1);
  if (stages > 1) weights.back() = 2.0 * (stages - 1);
  return weights;
}

}  // namespace deepmad::mad
