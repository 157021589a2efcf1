// MobileNetV2's first and last convolution, under torchvision's names.
#include "mad/blocks/conv_norm_act.h"

namespace deepmad::mad {
namespace {

struct MobileNetConv {
  template <typename T>
  static Unit<T> MakeUnit(const UnitDims<T>& dims) {
    return ConvNormActivation(dims, "0", "1");
  }
};

}  // namespace

DEEPMAD_REGISTER_BLOCK("mobilenet_conv", "MobileNetV2's stem and tail convolution with ReLU6 (torchvision names)",
                       (BlockTraits{.repeats = false, .activation = ActivationKind::kRelu6, .prefix = "features.{sequence}."}),
                       MobileNetConv);

}  // namespace deepmad::mad
