// Totals of a block with real or integer dimensions: its first unit plus (depth - 1) others, depth real-valued in the relaxation.
#pragma once

#include "mad/cost/unit_cost.h"
#include "mad/latency/latency_model.h"
#include "mad/network/block_units.h"

namespace deepmad::mad {

template <typename T>
struct BlockTotals {
  T macs{};
  T reference_flops{};
  T params{};
  T reference_params{};
  T activations{};       // values an image
  T latency{};           // milliseconds of a pass
  T log_width{};         // sum over units of ln w
  T log_quantisation{};  // the same for what quantisation adds
  T layers{};            // convolutions of the main path
  T depth{};             // units
  T out_channels{};
};

// Everything about a block that is not a channel count or a depth.
struct BlockPlace : BlockLayout {
  MapSizes in_maps;
  const LatencyModel* latency = nullptr;  // null: not asked for
};

// CountUnit, with the latency where the place has a model for it.
template <typename T>
UnitCount<T> CountUnitAt(const BlockPlace& place, const Unit<T>& unit, MapSizes& maps) {
  const Extent size = maps.true_size;
  UnitCount<T> count = CountUnit(unit, maps);
  if (place.latency != nullptr) count.latency = place.latency->UnitMilliseconds(unit, size);
  return count;
}

template <typename T>
UnitCount<T> CountFirstUnit(const BlockPlace& place, const BlockDims<T>& dims, MapSizes& maps) {
  return CountUnitAt(place, MakeUnit(*place.type, FirstUnitDims(place, dims)), maps);
}

template <typename T>
UnitCount<T> CountOtherUnit(const BlockPlace& place, const BlockDims<T>& dims, MapSizes maps) {
  return CountUnitAt(place, MakeUnit(*place.type, OtherUnitDims(place, dims)), maps);
}

// Adds `units` times one unit; the depth stays.
template <typename T>
void AddUnits(const UnitCount<T>& unit, const T& units, BlockTotals<T>& totals) {
  totals.macs += units * unit.macs;
  totals.reference_flops += units * unit.reference_flops;
  totals.params += units * unit.params;
  totals.reference_params += units * unit.reference_params;
  totals.activations += units * unit.activations;
  totals.latency += units * unit.latency;
  totals.log_width += units * unit.log_width;
  totals.log_quantisation += units * T(unit.log_quantisation);
  totals.layers += units * T(unit.layers);
}

template <typename T>
BlockTotals<T> CountBlock(const BlockPlace& place, const BlockDims<T>& dims) {
  MapSizes maps = place.in_maps;
  BlockTotals<T> totals;
  totals.depth = dims.depth;
  totals.out_channels = dims.out;
  AddUnits(CountFirstUnit(place, dims, maps), T(1), totals);
  if (place.type->traits.repeats) AddUnits(CountOtherUnit(place, dims, maps), dims.depth - T(1), totals);
  return totals;
}

}  // namespace deepmad::mad
