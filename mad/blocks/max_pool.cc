// kxk maximum, without weights: behind ResNet's first convolution.
#include "mad/recipe/block_type.h"

namespace deepmad::mad {
namespace {

struct MaxPoolBlock {
  template <typename T>
  static Unit<T> MakeUnit(const UnitDims<T>& dims) {
    Branch<T> branch;
    branch.main = {MaxPool(dims.in, dims.kernel, dims.stride)};
    return {branch};
  }
};

}  // namespace

DEEPMAD_REGISTER_BLOCK("max_pool", "kxk maximum; no weights, channels stay", (BlockTraits{.repeats = false, .keeps_channels = true}),
                       MaxPoolBlock);

}  // namespace deepmad::mad
