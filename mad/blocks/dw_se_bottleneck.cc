// The depthwise bottleneck with squeeze-excite and SiLU. Reference name res_k1dwsek1.
#include "mad/blocks/depthwise.h"

namespace deepmad::mad {
namespace {

struct DepthwiseSqueezeExciteBottleneck {
  template <typename T>
  static Unit<T> MakeUnit(const UnitDims<T>& dims) {
    return DepthwiseBottleneckUnit(dims);
  }
};

}  // namespace

DEEPMAD_REGISTER_BLOCK(
    "dw_se_bottleneck", "1x1, depthwise kxk, squeeze-excite, 1x1 with a residual connection (res_k1dwsek1)",
    (BlockTraits{.has_bottleneck = true, .activation = ActivationKind::kSilu, .shortcut = ShortcutRule::kIdentity, .se_ratio = 0.25}),
    DepthwiseSqueezeExciteBottleneck);

}  // namespace deepmad::mad
