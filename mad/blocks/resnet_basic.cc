// The unit of plain ResNet-18 and 34, under torchvision's names.
#include "mad/blocks/resnet_shortcut.h"

namespace deepmad::mad {
namespace {

struct ResNetBasic {
  template <typename T>
  static Unit<T> MakeUnit(const UnitDims<T>& dims) {
    Branch<T> branch;
    branch.main = {Conv("conv1", dims.in, dims.out, dims.kernel, dims.stride), BatchNorm("bn1", dims.out),
                   Activation(dims.activation, dims.out), Conv("conv2", dims.out, dims.out, dims.kernel), BatchNorm("bn2", dims.out)};
    SetStridedShortcut(branch, dims);
    branch.post = {Activation(dims.activation, dims.out)};
    return {branch};
  }
};

}  // namespace

DEEPMAD_REGISTER_BLOCK("resnet_basic", "plain ResNet-18/34's kxk, kxk (torchvision names)",
                       (BlockTraits{.prefix = "layer{residual}.{unit}."}), ResNetBasic);

}  // namespace deepmad::mad
