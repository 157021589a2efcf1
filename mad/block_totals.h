// Totals of a block with real or integer dimensions: its first unit plus (depth - 1) others, depth real-valued in the relaxation.
#pragma once

#include "mad/block.h"
#include "mad/unit_count.h"

namespace deepmad::mad {

template <typename T>
struct BlockTotals {
  T macs{};
  T reference_flops{};
  T params{};
  T activations{};  // values an image
  T log_width{};    // sum over units of ln w
  T layers{};       // convolutions of the main path
  T depth{};        // units
  T out_channels{};
};

// Everything about a block that is not a channel count or a depth.
struct BlockPlace {
  const BlockType* type;
  int kernel;
  int stride;
  bool changes_channels;
  ActivationKind activation;
  MapSizes in_maps;
};

template <typename T>
struct BlockDims {
  T in{};
  T out{};
  T bottleneck{};  // 0 for a type without
  T depth{1};
};

template <typename T>
UnitCount<T> CountFirstUnit(const BlockPlace& place, const BlockDims<T>& dims, MapSizes& maps) {
  const UnitDims<T> unit{dims.in, dims.out,        dims.bottleneck, Square(place.kernel), Square(place.stride), place.changes_channels,
                         true,    place.activation};
  return CountUnit(MakeUnit(*place.type, unit), maps);
}

template <typename T>
UnitCount<T> CountOtherUnit(const BlockPlace& place, const BlockDims<T>& dims, MapSizes maps) {
  const UnitDims<T> unit{dims.out, dims.out, dims.bottleneck, Square(place.kernel), Extent{}, false, false, place.activation};
  return CountUnit(MakeUnit(*place.type, unit), maps);
}

template <typename T>
BlockTotals<T> CountBlock(const BlockPlace& place, const BlockDims<T>& dims) {
  MapSizes maps = place.in_maps;
  const UnitCount<T> first = CountFirstUnit(place, dims, maps);
  BlockTotals<T> totals{first.macs,      first.reference_flops, first.params, first.activations,
                        first.log_width, T(first.layers),       dims.depth,   dims.out};
  if (place.type->traits.repeats) {
    const UnitCount<T> other = CountOtherUnit(place, dims, maps);
    const T others = dims.depth - T(1);
    totals.macs += others * other.macs;
    totals.reference_flops += others * other.reference_flops;
    totals.params += others * other.params;
    totals.activations += others * other.activations;
    totals.log_width += others * other.log_width;
    totals.layers += others * T(other.layers);
  }
  return totals;
}

}  // namespace deepmad::mad
