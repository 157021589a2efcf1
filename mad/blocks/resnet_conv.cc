// ResNet's first convolution, under torchvision's names.
#include "mad/blocks/conv_norm_act.h"

namespace deepmad::mad {
namespace {

struct ResNetConv {
  template <typename T>
  static Unit<T> MakeUnit(const UnitDims<T>& dims) {
    return ConvNormActivation(dims, "conv1", "bn1");
  }
};

}  // namespace

DEEPMAD_REGISTER_BLOCK("resnet_conv", "ResNet's stem convolution (torchvision names); a max_pool follows",
                       (BlockTraits{.repeats = false, .prefix = ""}), ResNetConv);

}  // namespace deepmad::mad
