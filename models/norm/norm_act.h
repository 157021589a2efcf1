// Batch normalisation together with what stands behind it in a unit: y = act(norm(x) + residual), one operation for autograd.
#pragma once

#include <ATen/core/Tensor.h>

namespace deepmad::models {

// The tensors of one norm, [C] each, and how it works in this pass.
struct NormArguments {
  at::Tensor weight;
  at::Tensor bias;
  at::Tensor running_mean;
  at::Tensor running_var;
  bool training;    // statistics of the batch, which also move the running ones; else the running ones
  double momentum;  // weight of the new batch in the running statistics
  double eps;
};

struct NormTail {
  at::Tensor residual;  // undefined: none; of the shape of x
  bool relu = false;
};

// x [N, C, (T,) H, W] of any type, layout and device. On the CPU and in channels_last this is our own pass over the memory, which reads and
// writes each map half as often as the separate operations; everything else goes through those. Batch statistics are added up in pieces
// that depend on the shape alone, so they do not depend on the number of threads. First derivatives only.
at::Tensor NormAct(const at::Tensor& x, const NormArguments& norm, const NormTail& tail);

// The separate operations, for any input: what NormAct is held against.
at::Tensor NormActByOperations(const at::Tensor& x, const NormArguments& norm, const NormTail& tail);

}  // namespace deepmad::models
