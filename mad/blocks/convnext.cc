// ConvNeXt's unit (Liu et al., "A ConvNet for the 2020s", arXiv 2201.03545, figure 4): depthwise kxk, layer norm, 1x1 expansion, GELU, 1x1
// projection, layer scale, identity. A layer norm and a convolution at the start of a block change resolution and channels.
#include "mad/blocks/channel_mlp.h"

namespace deepmad::mad {
namespace {

struct ConvNext {
  template <typename T>
  static Unit<T> MakeUnit(const UnitDims<T>& dims) {
    Unit<T> unit;
    AppendEntry(unit, dims);
    std::vector<Layer<T>> main = {Biased(DepthwiseConv("conv_dw", dims.out, dims.kernel))};
    AppendMlp(main, "norm", "mlp", dims);
    unit.push_back(Residual(std::move(main), "layer_scale", dims));
    return unit;
  }
};

}  // namespace

DEEPMAD_REGISTER_BLOCK("convnext", "depthwise kxk, layer norm, 1x1, GELU, 1x1 with a residual connection (ConvNeXt)",
                       (BlockTraits{.has_bottleneck = true, .activation = ActivationKind::kGelu, .layer_scale = true}), ConvNext);

}  // namespace deepmad::mad
