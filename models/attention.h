// Mixing of the positions of a map by attention (Vaswani et al., arXiv 1706.03762, section 3.2).
#pragma once

#include <ATen/core/Tensor.h>

namespace deepmad::models {

// x [N, 3 C, (T,) H, W]: queries, keys and values, each of `heads` slices of C / heads channels -> [N, C, (T,) H, W], channels_last in
// memory: softmax(q k^T / sqrt(C / heads)) v over all positions of the map. Fast for maps in channels_last; others are copied. On the CPU
// the weights, a number for each pair of positions, are not kept for the backward pass; on CUDA they are where no fused kernel takes the
// heads.
at::Tensor Attend(const at::Tensor& x, int64_t heads);

}  // namespace deepmad::models
