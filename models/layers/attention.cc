#include "models/layers/attention.h"

#include <ATen/ops/scaled_dot_product_attention.h>

#include <vector>

namespace deepmad::models {

at::Tensor Attend(const at::Tensor& x, int64_t heads) {
  const int64_t channels = x.size(1) / 3;
  // [N, positions, 3 C] as it lies in memory -> 3, N, heads, positions, C / heads.
  const at::Tensor tokens = x.flatten(2).transpose(1, 2).contiguous();
  const std::vector<at::Tensor> parts = tokens.unflatten(2, {3, heads, channels / heads}).permute({2, 0, 3, 1, 4}).unbind(0);
  const at::Tensor mixed = at::scaled_dot_product_attention(parts[0], parts[1], parts[2]);
  return mixed.transpose(1, 2).flatten(2).transpose(1, 2).unflatten(2, x.sizes().slice(2));
}

}  // namespace deepmad::models
