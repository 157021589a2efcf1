// kxk convolution, norm, activation: the stem and the tail of the released networks. Reference name conv_bn_act.
#include "mad/blocks/conv_norm_act.h"

namespace deepmad::mad {
namespace {

struct ConvBlock {
  template <typename T>
  static Unit<T> MakeUnit(const UnitDims<T>& dims) {
    return ConvNormActivation(dims, "conv1", "bn1");
  }
};

}  // namespace

DEEPMAD_REGISTER_BLOCK("conv", "kxk convolution, norm, activation; no residual connection (conv_bn_act)",
                       (BlockTraits{.repeats = false, .prefix = "block_list.{block}."}), ConvBlock);

}  // namespace deepmad::mad
