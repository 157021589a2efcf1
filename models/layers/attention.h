// Multi-head self-attention over the positions of a feature map (Vaswani et al., arXiv 1706.03762, section 3.2).
#pragma once

#include <ATen/core/Tensor.h>

namespace deepmad::models {

// x [N, 3 C, (T,) H, W]: queries, keys and values, each of `heads` slices of C / heads channels -> [N, C, (T,) H, W], channels_last in
// memory: softmax(q k^T / sqrt(C / heads)) v over all positions of the map. Maps in channels_last are fast; others are copied. On
// the CPU the attention weights (one per pair of positions) are recomputed in the backward pass instead of stored; on CUDA they are stored
// only if no fused kernel supports the head size.
at::Tensor Attend(const at::Tensor& x, int64_t heads);

}  // namespace deepmad::models
