// Parts that the blocks with layer norms share: the change of resolution and channels at the start of a block, and the two 1x1 layers.
#pragma once

#include "mad/recipe/block_type.h"

namespace deepmad::mad {

// Where a block starts: a layer norm and a convolution without a shortcut, which brings the map to the block's resolution and channels. 3x3
// at a stride of 2, so that odd sizes work as everywhere, else 1x1.
template <typename T>
void AppendEntry(Unit<T>& unit, const UnitDims<T>& dims) {
  if (!dims.first) return;
  const Extent kernel = dims.stride.Volume() > 1 ? Square(3) : Extent{};
  Branch<T> branch;
  branch.main = {LayerNorm("entry.norm", dims.in), Biased(Conv("entry.conv", dims.in, dims.out, kernel, dims.stride))};
  unit.push_back(branch);
}

// The end of a main path beside an identity shortcut.
template <typename T>
Branch<T> Residual(std::vector<Layer<T>> main, const std::string& scale, const UnitDims<T>& dims) {
  Branch<T> branch;
  branch.main = std::move(main);
  if (dims.layer_scale) branch.main.push_back(LayerScale(scale, dims.out));
  branch.shortcut_kind = ShortcutKind::kIdentity;
  return branch;
}

// Layer norm, 1x1 to the bottleneck's channels, activation, 1x1 back.
template <typename T>
void AppendMlp(std::vector<Layer<T>>& layers, const std::string& norm, const std::string& mlp, const UnitDims<T>& dims) {
  layers.push_back(LayerNorm(norm, dims.out));
  layers.push_back(Biased(Conv(mlp + ".fc1", dims.out, dims.bottleneck, Extent{})));
  layers.push_back(Activation(dims.activation, dims.bottleneck));
  layers.push_back(Biased(Conv(mlp + ".fc2", dims.bottleneck, dims.out, Extent{})));
}

}  // namespace deepmad::mad
