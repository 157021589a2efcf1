#include "models/layers/lsq_quantiser.h"

#include <ATen/ops/clamp.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/round.h>
#include <ATen/ops/zeros.h>
#include <torch/nn/module.h>

#include "models/layers/module_tree.h"

namespace deepmad::models {

at::Tensor Quantise(const at::Tensor& x, const at::Tensor& step, int bits) {
  const int64_t levels = int64_t{1} << (bits - 1);
  return at::round(at::clamp(x / step, -levels, levels - 1)) * step;
}

LsqQuantiser::LsqQuantiser(torch::nn::Module& module, const at::Tensor& weight, const mad::Bits& bits) : bits_(bits), weight_(weight) {
  const int64_t out = weight.size(0);
  module.register_buffer("weightq", at::zeros(weight.sizes()));
  module.register_buffer("alpha", at::zeros({out}));
  module.register_buffer("scalar", at::zeros({1}));
  std::vector<int64_t> steps(static_cast<size_t>(weight.dim()), 1);
  steps[0] = out;
  input_step_ = ModuleAt(module, "act_quan")->register_buffer("s", at::ones({1}));
  weight_step_ = ModuleAt(module, "weight_quan")->register_buffer("s", at::ones(steps));
}

at::Tensor LsqQuantiser::Input(const at::Tensor& x) const { return Quantise(x, input_step_, bits_.activation); }
at::Tensor LsqQuantiser::Weight() const { return Quantise(weight_, weight_step_, bits_.weight); }

}  // namespace deepmad::models
