#include "mad/recipe/is_depthwise.h"

#include "mad/recipe/walk.h"

namespace deepmad::mad {

bool IsDepthwise(const BlockType& type) {
  UnitDims<double> dims;
  dims.in = dims.out = dims.bottleneck = 8;
  bool depthwise = false;
  WalkUnit(MakeUnit(type, dims), Extent{}, [&](const LayerVisit<double, Extent>& visit) {
    if (visit.path == Path::kMain && visit.layer.depthwise) depthwise = true;
  });
  return depthwise;
}

}  // namespace deepmad::mad
