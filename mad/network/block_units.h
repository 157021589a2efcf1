// The units of a block from its channel numbers, real or integer: what building needs, without any counting.
#pragma once

#include "mad/recipe/block_type.h"

namespace deepmad::mad {

// What the layers of a block follow from besides its channel numbers.
struct BlockLayout {
  const BlockType* type;
  UnitForm form;
  int stride;
  bool changes_channels;
};

template <typename T>
struct BlockDims {
  T in{};
  T out{};
  T bottleneck{};  // 0 for a type without
  T depth{1};
};

template <typename T>
UnitDims<T> FirstUnitDims(const BlockLayout& layout, const BlockDims<T>& dims) {
  return {layout.form, dims.in, dims.out, dims.bottleneck, Square(layout.stride), layout.changes_channels, true};
}

template <typename T>
UnitDims<T> OtherUnitDims(const BlockLayout& layout, const BlockDims<T>& dims) {
  return {layout.form, dims.out, dims.out, dims.bottleneck, Extent{}, false, false};
}

}  // namespace deepmad::mad
