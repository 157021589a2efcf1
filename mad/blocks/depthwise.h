// 1x1, depthwise kxk, 1x1 with a residual connection: the main path of three block types.
#pragma once

#include "mad/blocks/residual.h"
#include "mad/recipe/squeeze_excite.h"

namespace deepmad::mad {

// With squeeze-excite behind the depthwise convolution's activation where the type has a ratio for it.
template <typename T>
Unit<T> DepthwiseBottleneckUnit(const UnitDims<T>& dims) {
  Branch<T> branch;
  AppendConvNorm(branch.main, "conv1", dims.in, dims.bottleneck, Extent{});
  branch.main.push_back(Activation(dims.activation, dims.bottleneck));
  branch.main.push_back(DepthwiseConv("conv2.conv1", dims.bottleneck, dims.kernel, dims.stride));
  branch.main.push_back(BatchNorm("conv2.bn1", dims.bottleneck));
  branch.main.push_back(Activation(dims.activation, dims.bottleneck));
  if (dims.se_ratio > 0) {
    const T hidden = SqueezeExciteHidden(dims.bottleneck, dims);
    branch.main.push_back(SqueezeExcite("se2", dims.bottleneck, hidden, TraitsOf(dims.activation).squeeze_excite));
  }
  AppendConvNorm(branch.main, "conv3", dims.bottleneck, dims.out, Extent{});
  SetShortcut(branch, dims);
  branch.post = {Activation(dims.activation, dims.out)};
  return {branch};
}

}  // namespace deepmad::mad
