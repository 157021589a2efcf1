// Walks the layers of a recipe: the one place that follows its paths and the size of the map along each.
//
// A Map is what a reader carries along a path. It is a value with two functions beside it: OutputMap(map, layer) returns the map behind a
// layer, PooledMap(map) returns the map of one position, on which the inner layers of squeeze-excite work. An Extent is such a map.
#pragma once

#include <vector>

#include "mad/recipe/layer.h"

namespace deepmad::mad {

enum class Path {
  kMain,
  kShortcut,
  kPost,
  kInner,  // within a squeeze-excite layer, right after the layer itself
};

template <typename T, typename Map>
struct LayerVisit {
  const Layer<T>& layer;   // valid during the visit
  const Layer<T>* before;  // the layer before it on its path; null for the first
  Path path;
  Map in, out;  // before and behind the layer
};

template <typename T>
Extent OutputMap(const Extent& map, const Layer<T>& layer) {
  return OutputSize(map, layer.stride);
}
inline Extent PooledMap(const Extent& /*map*/) { return {}; }

// Calls visit(LayerVisit) for each layer, in order. Returns the map behind the last one.
template <typename T, typename Map, typename Visit>
Map WalkLayers(const std::vector<Layer<T>>& layers, Path path, Map map, const Visit& visit) {
  const Layer<T>* before = nullptr;
  for (const Layer<T>& layer : layers) {
    const Map in = map;
    map = OutputMap(in, layer);
    visit(LayerVisit<T, Map>{layer, before, path, in, map});
    if (layer.kind == LayerKind::kSqueezeExcite) WalkLayers(SqueezeExciteLayers(layer), Path::kInner, PooledMap(in), visit);
    before = &layer;
  }
  return map;
}

// Visits the main path, then the shortcut, then what follows their sum. Returns the map behind the branch.
template <typename T, typename Map, typename Visit>
Map WalkBranch(const Branch<T>& branch, const Map& map, const Visit& visit) {
  const Map main = WalkLayers(branch.main, Path::kMain, map, visit);
  WalkLayers(branch.shortcut, Path::kShortcut, map, visit);
  return WalkLayers(branch.post, Path::kPost, main, visit);
}

template <typename T, typename Map, typename Visit>
Map WalkUnit(const Unit<T>& unit, Map map, const Visit& visit) {
  for (const Branch<T>& branch : unit) map = WalkBranch(branch, map, visit);
  return map;
}

}  // namespace deepmad::mad
