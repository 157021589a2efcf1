// The pools of recipes on tensors.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

#include "mad/recipe/layer.h"

namespace deepmad::models {

// Returns the function of a pool on maps [N, C, (T,) H, W]: the averages in ceil mode without padding, or the maxima with half the kernel
// as padding. REQUIRES: the layer is a pool.
std::function<at::Tensor(const at::Tensor&)> PoolFunction(const mad::Layer<double>& layer, int spatial_dims);

// Returns the mean of each channel over all positions of a map, as a map of one position.
at::Tensor MeanOverMap(const at::Tensor& x);

}  // namespace deepmad::models
