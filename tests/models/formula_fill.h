// The weight fill of the reference runs (tests/golden/forward_golden.json, `fill`): a hash instead of shipped weights.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <cmath>
#include <cstdint>
#include <string>

#include "models/network.h"

namespace deepmad::models {

// u(k, i) in [-1, 1)
inline double FormulaSample(uint64_t k, uint64_t i) {
  uint64_t z = k * 0x9E3779B97F4A7C15u + i * 0xBF58476D1CE4E5B9u + 0x94D049BB133111EBu;
  z ^= z >> 30;
  z *= 0xBF58476D1CE4E5B9u;
  z ^= z >> 27;
  z *= 0x94D049BB133111EBu;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) * 0x1p-52 - 1.0;
}

// offset + scale * u(k, i), float64
inline at::Tensor FormulaTensor(uint64_t k, at::IntArrayRef shape, double scale, double offset = 0) {
  at::Tensor result = at::empty(shape, at::kDouble);
  double* values = result.mutable_data_ptr<double>();
  for (int64_t i = 0; i < result.numel(); ++i) values[i] = offset + scale * FormulaSample(k, static_cast<uint64_t>(i));
  return result;
}

inline at::Tensor FormulaImages(at::IntArrayRef shape) { return FormulaTensor(uint64_t{1} << 32, shape, std::sqrt(3.0)); }

// Gain 1, as all networks tested here have it.
inline void FillByFormula(Network& network) {
  const at::NoGradGuard no_grad;
  uint64_t k = 0;
  for (auto& [name, tensor] : network.StateDict()) {
    if (tensor.dim() > 1) {
      const double fan_in = static_cast<double>(tensor.numel() / tensor.size(0));
      tensor.copy_(FormulaTensor(k, tensor.sizes(), std::sqrt(3.0 / fan_in)));
    } else if (name.ends_with("num_batches_tracked")) {
      tensor.zero_();
    } else if (name.ends_with("running_var")) {
      tensor.copy_(FormulaTensor(k, tensor.sizes(), 0.5, 1));
    } else {
      tensor.copy_(FormulaTensor(k, tensor.sizes(), 0.2, name.ends_with("weight") ? 1 : 0));
    }
    ++k;
  }
}

}  // namespace deepmad::models
