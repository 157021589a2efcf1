// The unit of plain ResNet-50 and deeper with the stride in the kxk convolution (v1.5), under torchvision's names.
#include "mad/blocks/resnet_shortcut.h"

namespace deepmad::mad {
namespace {

struct ResNetBottleneck {
  template <typename T>
  static Unit<T> MakeUnit(const UnitDims<T>& dims) {
    Branch<T> branch;
    branch.main = {Conv("conv1", dims.in, dims.bottleneck, Extent{}),
                   BatchNorm("bn1", dims.bottleneck),
                   Activation(dims.activation, dims.bottleneck),
                   Conv("conv2", dims.bottleneck, dims.bottleneck, dims.kernel, dims.stride),
                   BatchNorm("bn2", dims.bottleneck),
                   Activation(dims.activation, dims.bottleneck),
                   Conv("conv3", dims.bottleneck, dims.out, Extent{}),
                   BatchNorm("bn3", dims.out)};
    SetStridedShortcut(branch, dims);
    branch.post = {Activation(dims.activation, dims.out)};
    return {branch};
  }
};

}  // namespace

DEEPMAD_REGISTER_BLOCK("resnet_bottleneck", "plain ResNet-50's 1x1, kxk, 1x1 (torchvision names)",
                       (BlockTraits{.has_bottleneck = true, .prefix = "layer{residual}.{unit}."}), ResNetBottleneck);

}  // namespace deepmad::mad
