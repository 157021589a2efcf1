// Converts extents of layers to the form of LibTorch and ONNX: one number per axis, [h, w] or [t, h, w].
#pragma once

#include <cstdint>
#include <vector>

#include "mad/recipe/layer.h"

namespace deepmad::models {

using SpatialSizes = std::vector<int64_t>;

inline SpatialSizes SizesOf(const mad::Extent& extent, int spatial_dims) {
  return spatial_dims == 3 ? SpatialSizes{extent.t, extent.h, extent.w} : SpatialSizes{extent.h, extent.w};
}

// Returns the padding of convolutions and max pools on both sides of each axis.
inline SpatialSizes HalfKernel(const SpatialSizes& kernel) {
  SpatialSizes padding;
  for (const int64_t size : kernel) padding.push_back((size - 1) / 2);
  return padding;
}

}  // namespace deepmad::models
