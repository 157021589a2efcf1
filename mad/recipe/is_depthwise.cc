#include "mad/recipe/is_depthwise.h"

namespace deepmad::mad {

bool IsDepthwise(const BlockType& type) {
  UnitDims<double> dims;
  dims.in = dims.out = dims.bottleneck = 8;
  for (const Branch<double>& branch : MakeUnit(type, dims)) {
    for (const Layer<double>& layer : branch.main) {
      if (layer.kind == LayerKind::kConv && layer.depthwise) return true;
    }
  }
  return false;
}

}  // namespace deepmad::mad
