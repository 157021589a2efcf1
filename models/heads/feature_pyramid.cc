#include "models/heads/feature_pyramid.h"

#include <ATen/ops/relu.h>
#include <ATen/ops/upsample_nearest2d.h>

#include <stdexcept>

namespace deepmad::models {

FeaturePyramid::FeaturePyramid(const std::array<int, kInputs>& in_channels, int channels, bool relu_before_last, torch::nn::Module& root)
    : relu_before_last_(relu_before_last) {
  for (size_t i = 0; i < kInputs; ++i) {
    laterals_.emplace_back(in_channels[i], channels, MapConv::Options{.kernel = 1}, root,
                           kPrefix + "lateral_convs." + std::to_string(i) + ".conv");
  }
  for (size_t i = 0; i < kStrides.size(); ++i) {
    const MapConv::Options options{.stride = i < kInputs ? 1 : 2};
    outputs_.emplace_back(channels, channels, options, root, kPrefix + "fpn_convs." + std::to_string(i) + ".conv");
  }
}

std::vector<at::Tensor> FeaturePyramid::Forward(const std::vector<at::Tensor>& features) const {
  if (features.size() != kInputs) throw std::logic_error("FeaturePyramid: three maps");
  std::vector<at::Tensor> sums(kInputs);
  for (size_t i = kInputs; i-- > 0;) {
    sums[i] = laterals_[i].Forward(features[i]);
    if (i + 1 == kInputs) continue;
    const at::IntArrayRef size = sums[i].sizes().slice(2);
    sums[i] = sums[i] + at::upsample_nearest2d(sums[i + 1], size);
  }
  std::vector<at::Tensor> maps;
  for (size_t i = 0; i < kInputs; ++i) maps.push_back(outputs_[i].Forward(sums[i]));
  maps.push_back(outputs_[kInputs].Forward(maps.back()));
  maps.push_back(outputs_.back().Forward(relu_before_last_ ? at::relu(maps.back()) : maps.back()));
  return maps;
}

std::optional<InitialValues> FeaturePyramid::InitOf(const std::string& parameter) {
  if (!parameter.starts_with(kPrefix)) return std::nullopt;
  if (parameter.ends_with(".bias")) return InitialValues{InitialValues::Law::kConstant, 0};
  return InitialValues{InitialValues::Law::kXavierUniform, 0};
}

}  // namespace deepmad::models
