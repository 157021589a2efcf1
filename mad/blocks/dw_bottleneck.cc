// 1x1, depthwise kxk, 1x1 with a residual connection where the channels stay. Reference name res_k1dwk1.
#include "mad/blocks/depthwise.h"

namespace deepmad::mad {
namespace {

struct DepthwiseBottleneck {
  template <typename T>
  static Unit<T> MakeUnit(const UnitDims<T>& dims) {
    return DepthwiseBottleneckUnit(dims);
  }
};

}  // namespace

DEEPMAD_REGISTER_BLOCK("dw_bottleneck", "1x1, depthwise kxk, 1x1 with a residual connection (res_k1dwk1)",
                       (BlockTraits{.has_bottleneck = true, .shortcut = ShortcutRule::kIdentity}), DepthwiseBottleneck);

}  // namespace deepmad::mad
