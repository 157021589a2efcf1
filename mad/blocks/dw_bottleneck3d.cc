// The depthwise bottleneck in 3-D. Reference name res3d_k1dwk1.
#include "mad/blocks/depthwise.h"

namespace deepmad::mad {
namespace {

struct DepthwiseBottleneck3d {
  template <typename T>
  static Unit<T> MakeUnit(const UnitDims<T>& dims) {
    return DepthwiseBottleneckUnit(dims);
  }
};

}  // namespace

DEEPMAD_REGISTER_BLOCK("dw_bottleneck3d", "1x1, depthwise t x k x k, 1x1 with a residual connection, in 3-D (res3d_k1dwk1)",
                       (BlockTraits{.has_bottleneck = true, .has_time = true, .shortcut = ShortcutRule::kIdentity}), DepthwiseBottleneck3d);

}  // namespace deepmad::mad
