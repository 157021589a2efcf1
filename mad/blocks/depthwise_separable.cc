// MobileNetV2's unit with an expansion of 1, which has no expanding convolution, under torchvision's names.
#include "mad/recipe/block_type.h"

namespace deepmad::mad {
namespace {

struct DepthwiseSeparable {
  template <typename T>
  static Unit<T> MakeUnit(const UnitDims<T>& dims) {
    Branch<T> branch;
    branch.main = {DepthwiseConv("0.0", dims.in, dims.kernel, dims.stride), BatchNorm("0.1", dims.in), Activation(dims.activation, dims.in),
                   Conv("1", dims.in, dims.out, Extent{}), BatchNorm("2", dims.out)};
    if (dims.stride.Volume() == 1 && !dims.changes_channels) branch.shortcut_kind = ShortcutKind::kIdentity;
    return {branch};
  }
};

}  // namespace

DEEPMAD_REGISTER_BLOCK("depthwise_separable", "MobileNetV2's depthwise kxk, linear projection with ReLU6 (torchvision names)",
                       (BlockTraits{.activation = ActivationKind::kRelu6, .prefix = "features.{sequence}.conv."}), DepthwiseSeparable);

}  // namespace deepmad::mad
