// The weight fill of the reference runs (tests/golden/forward_golden.json, `fill`): a hash instead of shipped weights.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <string>

#include "mad/network/network_spec.h"
#include "models/network/network.h"

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

// Bits of the weights by the name of the module that holds them, of quantised layers only.
inline std::map<std::string, int> WeightBits(const mad::NetworkSpec& spec) {
  std::map<std::string, int> bits;
  for (const mad::PlacedBlock& block : mad::PlaceBlocks(spec)) {
    int index = 0;
    for (const mad::Unit<double>& unit : mad::BlockUnits(block)) {
      const std::string prefix = mad::UnitPrefix(block, index++);
      for (const mad::Branch<double>& branch : unit) {
        for (const mad::Layer<double>& layer : branch.main) {
          if (layer.bits.Quantised()) bits[prefix + layer.name] = layer.bits.weight;
        }
      }
    }
  }
  if (spec.head.bits > 0) bits[spec.head.name] = spec.head.bits;
  return bits;
}

struct FormulaGain {
  double all = 1;
  double last = 1;  // of convolutions named conv3
};

inline void FillByFormula(Network& network, const FormulaGain& gain = {}) {
  const at::NoGradGuard no_grad;
  const std::map<std::string, int> weight_bits = WeightBits(network.spec());
  double amplitude = 0;  // of the weight before, to which a step belongs
  uint64_t k = 0;
  for (auto& [name, tensor] : network.StateDict()) {
    const auto fill = [&](double scale, double offset) { tensor.copy_(FormulaTensor(k, tensor.sizes(), scale, offset)); };
    const auto is = [&](const char* ending) { return name.ends_with(ending); };
    if (is("num_batches_tracked") || is(".weightq") || is(".alpha") || is(".scalar")) {
      tensor.zero_();
    } else if (is(".act_quan.s")) {
      fill(0.015, 0.15);
    } else if (is(".weight_quan.s")) {
      const int bits = weight_bits.at(name.substr(0, name.size() - std::string(".weight_quan.s").size()));
      const double step = amplitude / std::sqrt(static_cast<double>((1 << (bits - 1)) - 1));
      fill(0.1 * step, step);
    } else if (tensor.dim() > 1) {
      const double fan_in = static_cast<double>(tensor.numel() / tensor.size(0));
      amplitude = std::sqrt(3.0 * (is(".conv3.conv1.weight") ? gain.last : gain.all) / fan_in);
      fill(amplitude, 0);
    } else if (is(".running_var")) {
      fill(0.5, 1);
    } else {
      fill(0.2, is(".weight") ? 1 : 0);
    }
    ++k;
  }
}

}  // namespace deepmad::models
