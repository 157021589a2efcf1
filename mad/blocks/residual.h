// Parts that the residual blocks of the released networks share: convolution with its norm, and the shortcut.
#pragma once

#include "mad/recipe/block_type.h"

namespace deepmad::mad {

// convolution `name`.conv1 and its norm `name`.bn1, appended to `layers`.
template <typename T>
void AppendConvNorm(std::vector<Layer<T>>& layers, const std::string& name, const T& in, const T& out, Extent kernel, Extent stride = {}) {
  layers.push_back(Conv(name + ".conv1", in, out, kernel, stride));
  layers.push_back(BatchNorm(name + ".bn1", out));
}

// The shortcut that dims.shortcut asks for.
template <typename T>
void SetShortcut(Branch<T>& branch, const UnitDims<T>& dims) {
  const bool strided = dims.stride.Volume() > 1;
  const bool projected = dims.changes_channels || (dims.shortcut == ShortcutRule::kProjectFirst && dims.first);
  const bool absent = dims.shortcut == ShortcutRule::kNone || (dims.shortcut == ShortcutRule::kIdentity && dims.changes_channels) ||
                      (dims.shortcut == ShortcutRule::kProjectUnstrided && strided);
  if (absent) return;
  if (strided) branch.shortcut.push_back(AveragePool(dims.in, dims.stride));
  if (projected) AppendConvNorm(branch.shortcut, "residual_proj", dims.in, dims.out, Extent{});
  branch.shortcut_kind = branch.shortcut.empty() ? ShortcutKind::kIdentity : ShortcutKind::kLayers;
}

}  // namespace deepmad::mad
