// 1x1, kxk, 1x1 with a residual connection, always projected in the first unit. Reference name res_k1kxk1.
#include "mad/blocks/residual.h"

namespace deepmad::mad {
namespace {

struct Bottleneck {
  template <typename T>
  static Unit<T> MakeUnit(const UnitDims<T>& dims) {
    Branch<T> branch;
    AppendConvNorm(branch.main, "conv1", dims.in, dims.bottleneck, Extent{});
    branch.main.push_back(Activation(dims.activation, dims.bottleneck));
    AppendConvNorm(branch.main, "conv2", dims.bottleneck, dims.bottleneck, dims.kernel, dims.stride);
    branch.main.push_back(Activation(dims.activation, dims.bottleneck));
    AppendConvNorm(branch.main, "conv3", dims.bottleneck, dims.out, Extent{});
    SetShortcut(branch, dims);
    branch.post = {Activation(dims.activation, dims.out)};
    return {branch};
  }
};

}  // namespace

DEEPMAD_REGISTER_BLOCK("bottleneck", "1x1, kxk, 1x1 with a residual connection (res_k1kxk1)",
                       (BlockTraits{.has_bottleneck = true, .shortcut = ShortcutRule::kProjectFirst}), Bottleneck);

}  // namespace deepmad::mad
