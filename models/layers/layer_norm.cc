#include "models/layers/layer_norm.h"

#include <ATen/ops/layer_norm.h>

#include "mad/recipe/layer.h"

namespace deepmad::models {

at::Tensor NormaliseChannels(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return at::layer_norm(x.movedim(1, -1), {weight.size(0)}, weight, bias, mad::kLayerNormEps).movedim(-1, 1);
}

}  // namespace deepmad::models
