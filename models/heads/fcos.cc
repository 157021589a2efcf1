#include "models/heads/fcos.h"

#include <ATen/ops/exp.h>
#include <ATen/ops/relu.h>

namespace deepmad::models {

FcosHead::FcosHead(Version version, const mad::HeadSpec& spec, const std::vector<mad::FeatureLevel>& levels, torch::nn::Module& root)
    : DetectionHead(spec, levels,
                    {.channels = spec.channels,
                     .tower_bias = version == Version::kImproved,
                     .relu_before_last = true,
                     .class_layer = "conv_cls",
                     .side_layer = "conv_reg",
                     .side_channels = 4},
                    root),
      version_(version),
      centreness_(spec.channels, 1, {}, root, kPrefix + "conv_centerness") {}

std::vector<DetectionMaps> FcosHead::ForwardMaps(const std::vector<at::Tensor>& features) const {
  std::vector<DetectionMaps> maps;
  for (const Level& level : ForwardLevels(features)) {
    const at::Tensor centreness = InFloat(centreness_.Forward(plain() ? level.class_map : level.side_map));
    maps.push_back({level.classes, centreness, plain() ? at::exp(level.sides) : at::relu(level.sides)});
  }
  return maps;
}

namespace {

template <FcosHead::Version version>
std::unique_ptr<Head> Make(const mad::HeadSpec& spec, const std::vector<mad::FeatureLevel>& levels, torch::nn::Module& root, BatchNorms&) {
  return std::make_unique<FcosHead>(version, spec, levels, root);
}

DEEPMAD_REGISTER(HeadRegistry, "fcos", "boxes from each point: FCOS with its later improvements (Tian et al. 2019)",
                 Make<FcosHead::Version::kImproved>);
DEEPMAD_REGISTER(HeadRegistry, "fcos_plain", "boxes from each point: FCOS as first published", Make<FcosHead::Version::kPlain>);

}  // namespace
}  // namespace deepmad::models
