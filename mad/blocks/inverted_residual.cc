// MobileNetV2's unit (arXiv 1801.04381, figure 4d) under torchvision's names: expansion, depthwise, linear projection, a shortcut where
// stride is 1 and in = out. Nothing follows the addition.
#include "mad/recipe/block_type.h"

namespace deepmad::mad {
namespace {

struct InvertedResidual {
  template <typename T>
  static Unit<T> MakeUnit(const UnitDims<T>& dims) {
    Branch<T> branch;
    branch.main = {Conv("0.0", dims.in, dims.bottleneck, Extent{}),
                   BatchNorm("0.1", dims.bottleneck),
                   Activation(dims.activation, dims.bottleneck),
                   DepthwiseConv("1.0", dims.bottleneck, dims.kernel, dims.stride),
                   BatchNorm("1.1", dims.bottleneck),
                   Activation(dims.activation, dims.bottleneck),
                   Conv("2", dims.bottleneck, dims.out, Extent{}),
                   BatchNorm("3", dims.out)};
    if (dims.stride.Volume() == 1 && !dims.changes_channels) branch.shortcut_kind = ShortcutKind::kIdentity;
    return {branch};
  }
};

}  // namespace

DEEPMAD_REGISTER_BLOCK("inverted_residual", "MobileNetV2's expansion, depthwise kxk, linear projection with ReLU6 (torchvision names)",
                       (BlockTraits{.has_bottleneck = true, .activation = ActivationKind::kRelu6, .prefix = "features.{sequence}.conv."}),
                       InvertedResidual);

}  // namespace deepmad::mad
