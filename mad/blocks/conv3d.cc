// The convolution block in 3-D. Reference name conv3d_bn_act.
#include "mad/blocks/conv_norm_act.h"

namespace deepmad::mad {
namespace {

struct ConvBlock3d {
  template <typename T>
  static Unit<T> MakeUnit(const UnitDims<T>& dims) {
    return ConvNormActivation(dims, "conv1", "bn1");
  }
};

}  // namespace

DEEPMAD_REGISTER_BLOCK("conv3d", "t x k x k convolution, norm, activation, in 3-D (conv3d_bn_act)",
                       (BlockTraits{.repeats = false, .has_time = true, .prefix = "block_list.{block}."}), ConvBlock3d);

}  // namespace deepmad::mad
