#include "models/layers/pool.h"

#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/avg_pool3d.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/max_pool3d.h>

#include "models/layers/spatial.h"

namespace deepmad::models {

std::function<at::Tensor(const at::Tensor&)> PoolFunction(const mad::Layer<double>& layer, int spatial_dims) {
  const SpatialSizes kernel = SizesOf(layer.kernel, spatial_dims), stride = SizesOf(layer.stride, spatial_dims);
  const bool in_time = spatial_dims == 3;
  if (layer.kind == mad::LayerKind::kMaxPool) {
    return [=, padding = HalfKernel(kernel)](const at::Tensor& x) {
      return in_time ? at::max_pool3d(x, kernel, stride, padding) : at::max_pool2d(x, kernel, stride, padding);
    };
  }
  return [=](const at::Tensor& x) {
    return in_time ? at::avg_pool3d(x, kernel, stride, 0, /*ceil_mode=*/true, /*count_include_pad=*/false)
                   : at::avg_pool2d(x, kernel, stride, 0, /*ceil_mode=*/true, /*count_include_pad=*/false);
  };
}

at::Tensor MeanOverMap(const at::Tensor& x) {
  const std::vector<int64_t> map_dims = x.dim() == 5 ? std::vector<int64_t>{2, 3, 4} : std::vector<int64_t>{2, 3};
  return x.mean(map_dims, /*keepdim=*/true);
}

}  // namespace deepmad::models
