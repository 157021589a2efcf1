// The unit of a vision transformer (Dosovitskiy et al., arXiv 2010.11929): token mixing by attention over all positions of the map, then
// the two 1x1 layers, each behind a layer norm and with an identity beside it. A layer norm and a convolution at the start of a block
// change resolution and channels. Positions are told apart by a depthwise kxk convolution with an identity beside it, in the first unit
// alone (Chu et al., arXiv 2102.10882), so the map may have any size; a kernel of 1 leaves it out.
#include "mad/blocks/channel_mlp.h"

namespace deepmad::mad {
namespace {

struct Transformer {
  template <typename T>
  static Unit<T> MakeUnit(const UnitDims<T>& dims) {
    Unit<T> unit;
    AppendEntry(unit, dims);
    if (dims.first && dims.kernel.Volume() > 1) {
      Branch<T> position;
      position.main = {Biased(DepthwiseConv("position", dims.out, dims.kernel))};
      position.shortcut_kind = ShortcutKind::kIdentity;
      unit.push_back(position);
    }
    unit.push_back(Residual({LayerNorm("norm1", dims.out), Biased(Conv("attn.qkv", dims.out, T(3) * dims.out, Extent{})),
                             Attention(dims.out), Biased(Conv("attn.proj", dims.out, dims.out, Extent{}))},
                            "ls1", dims));
    std::vector<Layer<T>> main;
    AppendMlp(main, "norm2", "mlp", dims);
    unit.push_back(Residual(std::move(main), "ls2", dims));
    return unit;
  }
};

}  // namespace

DEEPMAD_REGISTER_BLOCK("transformer", "attention over the map and two 1x1 layers, each with a residual connection (ViT)",
                       (BlockTraits{.has_bottleneck = true, .activation = ActivationKind::kGelu, .layer_scale = false}), Transformer);

}  // namespace deepmad::mad
