// The shortcut of the plain ResNets (arXiv 1512.03385, option B): a strided 1x1 convolution and a norm where the shape changes.
#pragma once

#include "mad/recipe/block_type.h"

namespace deepmad::mad {

template <typename T>
void SetStridedShortcut(Branch<T>& branch, const UnitDims<T>& dims) {
  branch.shortcut_kind = ShortcutKind::kIdentity;
  if (!dims.changes_channels && dims.stride.Volume() == 1) return;
  branch.shortcut = {Conv("downsample.0", dims.in, dims.out, Extent{}, dims.stride), BatchNorm("downsample.1", dims.out)};
  branch.shortcut_kind = ShortcutKind::kLayers;
}

}  // namespace deepmad::mad
