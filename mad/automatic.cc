#include "mad/automatic.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "mad/layer_table.h"

namespace deepmad::mad {

double AutomaticEffectiveness(const NetworkSpec& network) {
  constexpr double kFull = 0.3, kDepthwise = 0.5;
  std::set<int> depthwise;
  for (const LayerRow& row : LayerRows(network)) {
    if (row.depthwise) depthwise.insert(row.block);
  }
  const std::vector<PlacedBlock> blocks = PlaceBlocks(network);
  const double residual = std::max(1, blocks.back().residual);
  return kFull * std::pow(kDepthwise / kFull, static_cast<double>(depthwise.size()) / residual);
}

std::vector<double> AutomaticStageWeights(int stages) {
  std::vector<double> weights(static_cast<size_t>(stages), 1);
  if (stages > 1) weights.back() = 2.0 * (stages - 1);
  return weights;
}

}  // namespace deepmad::mad
