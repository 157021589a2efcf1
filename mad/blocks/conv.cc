// kxk convolution, norm, activation: the stem and the tail of every network. Reference name conv_bn_act.
#include "mad/block.h"

namespace deepmad::mad {
namespace {

struct ConvBlock {
  template <typename T>
  static Unit<T> MakeUnit(const UnitDims<T>& dims) {
    Branch<T> branch;
    branch.main = {Conv("conv1", dims.in, dims.out, dims.kernel, dims.stride), BatchNorm("bn1", dims.out)};
    branch.post = {Activation(dims.activation, dims.out)};
    return {branch};
  }
};

}  // namespace

DEEPMAD_REGISTER_BLOCK("conv", "kxk convolution, norm, activation; no residual connection",
                       (BlockTraits{.repeats = false, .units_are_nested = false}), ConvBlock);

}  // namespace deepmad::mad
