#include "models/network/init.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/nearest.h"
#include "base/random.h"

namespace deepmad::models {
namespace {

const std::vector<std::string>& Schemes() {
  static const std::vector<std::string> schemes = {"kaiming", "truncated_normal", "zen"};
  return schemes;
}

// The words of one Philox block as floats in (0, 1], steps of 2^-24.
float UnitFloat(uint32_t word) { return static_cast<float>((word >> 8) + 1) * 0x1p-24f; }

// Fills [count] float32 with `sample`, which makes four values of four random words. Element i depends on (key, i) only.
template <typename Sample>
void Fill(float* values, int64_t count, std::array<uint32_t, 2> key, const Sample& sample) {
  const int64_t blocks = (count + 3) / 4;
  at::parallel_for(0, blocks, /*grain_size=*/4096, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const auto low = static_cast<uint32_t>(block);
      const auto high = static_cast<uint32_t>(block >> 32);
      const std::array<float, 4> four = sample(base::Philox4x32({low, high, 0, 0}, key));
      for (int64_t i = 4 * block; i < std::min(count, 4 * block + 4); ++i) values[i] = four[i - 4 * block];
    }
  });
}

// Writes drawn values into `parameter`, whatever its type, layout and device.
template <typename Sample>
void Draw(at::Tensor& parameter, uint64_t seed, uint64_t position, const Sample& sample) {
  base::Random stream(seed, base::RandomPurpose::kInit, 0, position);
  const uint32_t low = stream.NextBits();
  const uint32_t high = stream.NextBits();
  const at::Tensor values = at::empty(parameter.sizes(), at::kFloat);
  Fill(values.mutable_data_ptr<float>(), values.numel(), {low, high}, sample);
  parameter.copy_(values);
}

void DrawNormal(at::Tensor& parameter, uint64_t seed, uint64_t position, double sigma) {
  const auto scale = static_cast<float>(sigma);
  Draw(parameter, seed, position, [scale](const std::array<uint32_t, 4>& words) {
    std::array<float, 4> four;
    for (int pair = 0; pair < 4; pair += 2) {  // Box-Muller
      const float radius = scale * std::sqrt(-2.0f * std::log(UnitFloat(words[pair])));
      const float angle = 2.0f * std::numbers::pi_v<float> * UnitFloat(words[pair + 1]);
      four[pair] = radius * std::cos(angle);
      four[pair + 1] = radius * std::sin(angle);
    }
    return four;
  });
}

void DrawUniform(at::Tensor& parameter, uint64_t seed, uint64_t position, double bound) {
  const auto scale = static_cast<float>(bound);
  Draw(parameter, seed, position, [scale](const std::array<uint32_t, 4>& words) {
    std::array<float, 4> four;
    for (int i = 0; i < 4; ++i) four[i] = scale * (2.0f * UnitFloat(words[i]) - 1.0f);
    return four;
  });
}

// Within two deviations: the inverse of the distribution function at uniform numbers.
void DrawTruncatedNormal(at::Tensor& parameter, uint64_t seed, uint64_t position, double sigma) {
  at::Tensor values = at::empty(parameter.sizes(), at::kFloat);
  DrawUniform(values, seed, position, std::erf(std::numbers::sqrt2));
  parameter.copy_(values.erfinv_().mul_(sigma * std::numbers::sqrt2));
}

double FanIn(const at::Tensor& weight) { return static_cast<double>(weight.numel()) / static_cast<double>(weight.size(0)); }
double FanOut(const at::Tensor& weight) { return static_cast<double>(weight.numel()) / static_cast<double>(weight.size(1)); }

void InitializeKaiming(bool of_head, at::Tensor& parameter, double classifier_in, uint64_t seed, uint64_t position) {
  if (of_head) {
    DrawUniform(parameter, seed, position, 1.0 / std::sqrt(classifier_in));
  } else {
    DrawNormal(parameter, seed, position, std::sqrt(2.0 / FanOut(parameter)));
  }
}

void InitializeZen(at::Tensor& parameter, uint64_t seed, uint64_t position) {
  constexpr double kGain = 3.26033;
  if (parameter.dim() == 1) {
    parameter.zero_();
  } else {
    DrawNormal(parameter, seed, position, kGain * std::sqrt(2.0 / (FanIn(parameter) + FanOut(parameter))));
  }
}

void InitializeTruncatedNormal(at::Tensor& parameter, uint64_t seed, uint64_t position) {
  constexpr double kDeviation = 0.02;
  if (parameter.dim() == 1) {
    parameter.zero_();
  } else {
    DrawTruncatedNormal(parameter, seed, position, kDeviation);
  }
}

// Scales, shifts and biases of the backbone.
void ResetVector(const std::string& name, at::Tensor& parameter, double layer_scale) {
  if (name.ends_with(".gamma")) {
    parameter.fill_(layer_scale);
  } else {
    parameter.fill_(name.ends_with(".weight") ? 1 : 0);
  }
}

void InitializeAs(const InitialValues& values, at::Tensor& parameter, uint64_t seed, uint64_t position) {
  switch (values.law) {
    case InitialValues::Law::kConstant:
      parameter.fill_(values.value);
      return;
    case InitialValues::Law::kNormal:
      return DrawNormal(parameter, seed, position, values.value);
    case InitialValues::Law::kXavierUniform:
      return DrawUniform(parameter, seed, position, std::sqrt(6.0 / (FanIn(parameter) + FanOut(parameter))));
  }
}

void ResetNorm(torch::nn::Module& norm) {
  norm.named_parameters()["weight"].fill_(1);
  norm.named_parameters()["bias"].zero_();
  norm.named_buffers()["running_mean"].zero_();
  norm.named_buffers()["running_var"].fill_(1);
  norm.named_buffers()["num_batches_tracked"].zero_();
}

}  // namespace

InitOptions InitOptionsFromConfig(const base::Config& config) {
  InitOptions options;
  options.scheme = config.GetChoice("scheme", options.scheme, Schemes());
  options.zero_last_norm = config.GetBool("zero_last_norm", options.scheme == "zen");
  options.layer_scale = config.GetDouble("layer_scale", options.layer_scale, 0, 10);
  options.head_std = config.GetOptionalDouble("head_std", 0, 10);
  return options;
}

void Initialize(Network& network, const InitOptions& options, uint64_t seed) {
  const bool kaiming = options.scheme == "kaiming", zen = options.scheme == "zen";
  if (std::find(Schemes().begin(), Schemes().end(), options.scheme) == Schemes().end()) {
    throw base::UnknownName("init scheme", options.scheme, Schemes(), "");
  }
  const at::NoGradGuard no_grad;

  uint64_t position = 0;
  for (auto& item : network.named_parameters()) {
    at::Tensor& parameter = item.value();
    if (const auto values = network.head() == nullptr ? std::nullopt : network.head()->InitOf(item.key())) {
      InitializeAs(*values, parameter, seed, position++);
      continue;
    }
    const bool of_head = network.head() == nullptr && network.OfHead(item.key());
    if (of_head && options.head_std) {
      parameter.dim() == 1 ? static_cast<void>(parameter.zero_()) : DrawNormal(parameter, seed, position, *options.head_std);
      ++position;
      continue;
    }
    if (parameter.dim() == 1 && !of_head) {
      ResetVector(item.key(), parameter, options.layer_scale);
    } else if (kaiming) {
      InitializeKaiming(of_head, parameter, network.backbone().out_channels(), seed, position);
    } else if (zen) {
      InitializeZen(parameter, seed, position);
    } else {
      InitializeTruncatedNormal(parameter, seed, position);
    }
    ++position;
  }
  network.apply([](torch::nn::Module& module) {
    if (module.named_buffers(/*recurse=*/false).contains("running_mean")) ResetNorm(module);
  });
  if (options.zero_last_norm) {
    for (at::Tensor scale : network.backbone().residual_scales()) scale.zero_();
  }
}

}  // namespace deepmad::models
