// Learned step size quantisation (LSQ, arXiv 1902.08153) of a layer's input and weight, for inference with released checkpoints:
//   q(x, s, b) = round(clamp(x / s, -2^(b-1), 2^(b-1) - 1)) * s, rounded half to even.
#pragma once

#include <ATen/core/Tensor.h>

#include "mad/recipe/layer.h"

namespace torch::nn {
class Module;
}

namespace deepmad::models {

// Returns q(x, step, bits), in the shape of x; `step` is broadcast.
at::Tensor Quantise(const at::Tensor& x, const at::Tensor& step, int bits);

class LsqQuantiser {
 public:
  // Registers buffers in `module`, under the names and in the order of the released state_dict: weightq (as weight), alpha [out], scalar
  // [1], act_quan.s [1] and weight_quan.s [out, 1, ...]. Only the two steps are used; they are 1 until loaded. Rounding has
  // no gradient.
  LsqQuantiser(torch::nn::Module& module, const at::Tensor& weight, const mad::Bits& bits);

  at::Tensor Input(const at::Tensor& x) const;
  at::Tensor Weight() const;

 private:
  mad::Bits bits_;
  at::Tensor weight_;
  at::Tensor input_step_;
  at::Tensor weight_step_;
};

}  // namespace deepmad::models
