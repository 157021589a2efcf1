// kxk expansion, 1x1 projection with a residual connection: the example of docs/blocks.md.
#include "mad/blocks/residual.h"

namespace deepmad::mad {
namespace {

struct FusedBottleneck {
  template <typename T>
  static Unit<T> MakeUnit(const UnitDims<T>& dims) {
    Branch<T> branch;
    AppendConvNorm(branch.main, "conv1", dims.in, dims.bottleneck, dims.kernel, dims.stride);
    branch.main.push_back(Activation(dims.activation, dims.bottleneck));
    AppendConvNorm(branch.main, "conv2", dims.bottleneck, dims.out, Extent{});
    SetShortcut(branch, dims);
    branch.post = {Activation(dims.activation, dims.out)};
    return {branch};
  }
};

}  // namespace

DEEPMAD_REGISTER_BLOCK("fused_bottleneck", "kxk, 1x1 with a residual connection",
                       (BlockTraits{.has_bottleneck = true, .shortcut = ShortcutRule::kIdentity}), FusedBottleneck);

}  // namespace deepmad::mad
