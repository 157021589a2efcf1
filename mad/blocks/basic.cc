// kxk, kxk with a residual connection, projected where the channels change. Reference name res_kxkx.
#include "mad/blocks/residual.h"

namespace deepmad::mad {
namespace {

struct Basic {
  template <typename T>
  static Unit<T> MakeUnit(const UnitDims<T>& dims) {
    Branch<T> branch;
    AppendConvNorm(branch.main, "conv1", dims.in, dims.bottleneck, dims.kernel);
    branch.main.push_back(Activation(dims.activation, dims.bottleneck));
    AppendConvNorm(branch.main, "conv2", dims.bottleneck, dims.out, dims.kernel, dims.stride);
    SetShortcut(branch, dims);
    branch.post = {Activation(dims.activation, dims.out)};
    return {branch};
  }
};

}  // namespace

DEEPMAD_REGISTER_BLOCK("basic", "kxk, kxk with a residual connection (res_kxkx)",
                       (BlockTraits{.has_bottleneck = true, .shortcut = ShortcutRule::kProject}), Basic);

}  // namespace deepmad::mad
