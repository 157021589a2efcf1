#include "models/heads/detection_head.h"

#include <ATen/ops/ones.h>
#include <torch/nn/module.h>

#include "models/layers/module_tree.h"

namespace deepmad::models {
namespace {

constexpr double kClassBias = -4.59511985013459;  // -log((1 - p) / p) with p = 0.01: a class is rare at first
constexpr double kDeviation = 0.01;               // of all convolutions at first

std::array<int, FeaturePyramid::kInputs> ChannelsOf(const std::vector<mad::FeatureLevel>& levels) {
  std::array<int, FeaturePyramid::kInputs> channels{};
  for (size_t i = 0; i < channels.size(); ++i) channels[i] = levels.at(i).channels;
  return channels;
}

}  // namespace

DetectionHead::DetectionHead(const mad::HeadSpec& spec, const std::vector<mad::FeatureLevel>& levels, Options options,
                             torch::nn::Module& root)
    : classes_(spec.classes),
      class_bias_(kPrefix + options.class_layer + ".bias"),
      pyramid_(ChannelsOf(levels), options.channels, options.relu_before_last, root),
      class_tower_(options.channels, options.tower_bias, root, kPrefix + "cls_convs"),
      side_tower_(options.channels, options.tower_bias, root, kPrefix + "reg_convs"),
      class_conv_(options.channels, spec.classes, {}, root, kPrefix + options.class_layer),
      side_conv_(options.channels, options.side_channels, {}, root, kPrefix + options.side_layer) {
  for (size_t i = 0; i < FeaturePyramid::kStrides.size(); ++i) {
    const auto module = ModuleAt(root, kPrefix + "scales." + std::to_string(i));
    scales_.push_back(module->register_parameter("scale", at::ones({})));
  }
}

std::vector<DetectionHead::Level> DetectionHead::ForwardLevels(const std::vector<at::Tensor>& features) const {
  std::vector<Level> levels;
  for (const at::Tensor& map : pyramid_.Forward(features)) {
    Level level{class_tower_.Forward(map), side_tower_.Forward(map), {}, {}};
    level.classes = InFloat(class_conv_.Forward(level.class_map));
    level.sides = InFloat(side_conv_.Forward(level.side_map)) * scales_[levels.size()];
    levels.push_back(std::move(level));
  }
  return levels;
}

std::vector<at::Tensor> DetectionHead::Forward(const std::vector<at::Tensor>& features) const {
  std::vector<at::Tensor> maps;
  const std::vector<DetectionMaps> levels = ForwardMaps(features);
  for (size_t i = 0; i < levels.size(); ++i) {
    const double pixels = unit(FeaturePyramid::kStrides[i]);
    maps.insert(maps.end(), {levels[i].classes, levels[i].quality, pixels == 1 ? levels[i].distances : levels[i].distances * pixels});
  }
  return maps;
}

std::optional<InitialValues> DetectionHead::InitOf(const std::string& parameter) const {
  using enum InitialValues::Law;
  if (const auto values = FeaturePyramid::InitOf(parameter)) return values;
  if (!parameter.starts_with(kPrefix)) return std::nullopt;
  if (parameter == class_bias_) return InitialValues{kConstant, kClassBias};
  if (parameter.ends_with(".gn.weight") || parameter.ends_with(".scale")) return InitialValues{kConstant, 1};
  if (parameter.ends_with(".bias")) return InitialValues{kConstant, 0};
  return InitialValues{kNormal, kDeviation};
}

at::Tensor DetectionHead::InFloat(const at::Tensor& map) { return map.scalar_type() == at::kDouble ? map : map.to(at::kFloat); }

}  // namespace deepmad::models
