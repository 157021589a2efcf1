// A convolution with the norm after it folded into its weights. A following activation, or the addition of a shortcut and a ReLU, is fused
// into it if the library supports that: oneDNN on the CPU, with weights laid out once; cuDNN
// on a GPU, for a ReLU and maps of the size that the weights are laid out for.
#pragma once

#include <ATen/core/List.h>
#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <vector>

#include "models/layers/activation.h"

namespace deepmad::models {

struct ConvGeometry {
  std::vector<int64_t> stride, padding;  // (t,) h, w
  int64_t groups = 1;
};

class FoldedConv {
 public:
  // weight [out, in / groups, (t,) h, w] and bias [out], float32, bfloat16 or float64; an undefined bias: none. `input` [N, C, (T,) H, W]
  // is the size that the weights are laid out for; others work, a little slower.
  FoldedConv(const at::Tensor& weight, const at::Tensor& bias, ConvGeometry geometry, mad::ActivationKind activation,
             at::IntArrayRef input);

  // Convolves x, which has the type and device of the weights.
  at::Tensor Forward(const at::Tensor& x) const;
  // Returns conv(x) + shortcut, then ReLU if requested. With `overwrite`, the result may reuse the memory of the shortcut. REQUIRES: the
  // activation is kNone.
  at::Tensor ForwardAdd(const at::Tensor& x, at::Tensor shortcut, bool relu, bool overwrite) const;

  mad::ActivationKind activation() const { return activation_; }
  // Multiply-accumulates for a result.
  int64_t Macs(const at::Tensor& result) const { return result.numel() * weights_a_channel_; }

 private:
  at::Tensor Convolve(const at::Tensor& x) const;
  // By cuDNN, ReLU included; an undefined shortcut: none.
  at::Tensor CudnnRelu(const at::Tensor& x, const at::Tensor& shortcut) const;
  // Whether cuDNN has this convolution fused, and it gives what the separate operations give: tried once, on a map of this size.
  bool CudnnTakes(at::IntArrayRef input) const;

  at::Tensor weight_;
  std::optional<at::Tensor> bias_;
  ConvGeometry geometry_;
  std::vector<int64_t> dilation_;
  mad::ActivationKind activation_;
  std::optional<OneDnnPostOp> post_op_;
  c10::List<std::optional<at::Scalar>> post_op_scalars_;
  int64_t weights_a_channel_;
  bool one_dnn_;
  std::vector<int64_t> cudnn_input_;  // the size of the maps for which cuDNN fuses the ReLU; empty: none
};

}  // namespace deepmad::models
