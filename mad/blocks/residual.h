// The shortcuts of the released networks' residual blocks (reference types res_k1kxk1 and res_kxkx).
#pragma once

#include "mad/block.h"

namespace deepmad::mad {

// convolution `name`.conv1 and its norm `name`.bn1, appended to `layers`.
template <typename T>
void AppendConvNorm(std::vector<Layer<T>>& layers, const std::string& name, const T& in, const T& out, Extent kernel, Extent stride = {}) {
  layers.push_back(Conv(name + ".conv1", in, out, kernel, stride));
  layers.push_back(BatchNorm(name + ".bn1", out));
}

// A stride-2 unit averages 2x2 on its shortcut; a projection (1x1 convolution and norm) follows where `projected`; otherwise the
// shortcut is the identity.
template <typename T>
void SetPooledShortcut(Branch<T>& branch, const UnitDims<T>& dims, bool projected) {
  if (dims.stride.Volume() > 1) branch.shortcut.push_back(AveragePool(dims.in, dims.stride));
  if (projected) AppendConvNorm(branch.shortcut, "residual_proj", dims.in, dims.out, Extent{});
  branch.shortcut_kind = branch.shortcut.empty() ? ShortcutKind::kIdentity : ShortcutKind::kLayers;
}

}  // namespace deepmad::mad
