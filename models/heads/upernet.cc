#include "models/heads/upernet.h"

#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/zeros.h>
#include <torch/nn/module.h>

#include <array>
#include <stdexcept>

#include "models/layers/fixed_order.h"
#include "models/layers/module_tree.h"

namespace deepmad::models {
namespace {

const std::string kMain = "decode_head.", kAuxiliary = "auxiliary_head.";

std::string Numbered(const char* list, size_t i) { return kMain + list + "." + std::to_string(i); }

}  // namespace

at::Tensor ResizeMap(const at::Tensor& map, at::IntArrayRef size) {
  if (map.sizes().slice(2) == size) return map;
  return WantsFixedOrder(map) ? UpsampleBilinearInFixedOrder(map, size) : at::upsample_bilinear2d(map, size, /*align_corners=*/false);
}

ConvNormRelu::ConvNormRelu(int in_channels, int out_channels, int kernel, torch::nn::Module& root, const std::string& path,
                           BatchNorms& norms)
    : weight_(ModuleAt(root, path + ".conv")->register_parameter("weight", at::zeros({out_channels, in_channels, kernel, kernel}))),
      padding_(kernel / 2),
      norm_(norms.Add(ModuleAt(root, path + ".bn"), out_channels, path + ".bn")) {}

at::Tensor ConvNormRelu::Forward(const at::Tensor& x) const {
  return norm_.Forward(at::conv2d(x, weight_, {}, 1, padding_), {.residual = {}, .relu = true});
}

PixelClassifier::PixelClassifier(int in_channels, int classes, torch::nn::Module& root, const std::string& path) {
  const auto module = ModuleAt(root, path);
  weight_ = module->register_parameter("weight", at::zeros({classes, in_channels, 1, 1}));
  bias_ = module->register_parameter("bias", at::zeros({classes}));
}

at::Tensor PixelClassifier::Forward(const at::Tensor& x, const at::Tensor& keep) const {
  return at::conv2d(keep.defined() ? x * keep.to(x.scalar_type()) : x, weight_, bias_);
}

UPerNet::UPerNet(const UPerNetOptions& options, const std::array<int, kLevels>& in_channels, torch::nn::Module& root, BatchNorms& norms)
    : options_(options),
      pooled_([&] {
        std::vector<ConvNormRelu> pooled;
        for (size_t i = 0; i < kPoolSizes.size(); ++i) {
          // ".1": beside the pooling, which has no tensors, in the published list of pairs.
          pooled.emplace_back(in_channels[3], options.channels, 1, root, Numbered("psp_modules", i) + ".1", norms);
        }
        return pooled;
      }()),
      bottleneck_(in_channels[3] + static_cast<int>(kPoolSizes.size()) * options.channels, options.channels, 3, root, kMain + "bottleneck",
                  norms),
      laterals_([&] {
        std::vector<ConvNormRelu> laterals;
        for (size_t i = 0; i + 1 < kLevels; ++i) {
          laterals.emplace_back(in_channels[i], options.channels, 1, root, Numbered("lateral_convs", i), norms);
        }
        return laterals;
      }()),
      outputs_([&] {
        std::vector<ConvNormRelu> outputs;
        for (size_t i = 0; i + 1 < kLevels; ++i) {
          outputs.emplace_back(options.channels, options.channels, 3, root, Numbered("fpn_convs", i), norms);
        }
        return outputs;
      }()),
      fusion_(static_cast<int>(kLevels) * options.channels, options.channels, 3, root, kMain + "fpn_bottleneck", norms),
      classifier_(options.channels, options.classes, root, kMain + "conv_seg"),
      auxiliary_(in_channels[2], options.auxiliary_channels, 3, root, kAuxiliary + "convs.0", norms),
      auxiliary_classifier_(options.auxiliary_channels, options.classes, root, kAuxiliary + "conv_seg") {}

at::Tensor UPerNet::PoolPyramid(const at::Tensor& last) const {
  std::vector<at::Tensor> maps = {last};
  for (size_t i = 0; i < kPoolSizes.size(); ++i) {
    const std::array<int64_t, 2> size = {kPoolSizes[i], kPoolSizes[i]};
    const at::Tensor pooled = WantsFixedOrder(last) ? AdaptiveAverageInFixedOrder(last, size) : at::adaptive_avg_pool2d(last, size);
    maps.push_back(ResizeMap(pooled_[i].Forward(pooled), last.sizes().slice(2)));
  }
  return bottleneck_.Forward(at::cat(maps, 1));
}

at::Tensor UPerNet::ForwardMain(const std::vector<at::Tensor>& features, const at::Tensor& keep) const {
  if (features.size() != kLevels) throw std::logic_error("UPerNet: four maps");
  std::array<at::Tensor, kLevels> maps;
  maps[3] = PoolPyramid(features[3]);
  for (size_t i = kLevels - 1; i-- > 0;) {
    const at::Tensor lateral = laterals_[i].Forward(features[i]);
    maps[i] = lateral + ResizeMap(maps[i + 1], lateral.sizes().slice(2));
  }
  const at::IntArrayRef size = maps[0].sizes().slice(2);
  std::vector<at::Tensor> pyramid;
  for (size_t i = 0; i + 1 < kLevels; ++i) pyramid.push_back(ResizeMap(outputs_[i].Forward(maps[i]), size));
  pyramid.push_back(ResizeMap(maps[3], size));
  return classifier_.Forward(fusion_.Forward(at::cat(pyramid, 1)), keep);
}

at::Tensor UPerNet::ForwardAuxiliary(const std::vector<at::Tensor>& features, const at::Tensor& keep) const {
  if (features.size() != kLevels) throw std::logic_error("UPerNet: four maps");
  return auxiliary_classifier_.Forward(auxiliary_.Forward(features[2]), keep);
}

std::optional<InitialValues> UPerNet::InitOf(const std::string& parameter) const {
  for (const std::string& part : {kMain, kAuxiliary}) {
    if (parameter == part + "conv_seg.weight") return InitialValues{InitialValues::Law::kNormal, 0.01};
    if (parameter == part + "conv_seg.bias") return InitialValues{InitialValues::Law::kConstant, 0};
  }
  return std::nullopt;
}

std::vector<std::string> UPerNet::Prefixes() const { return {kMain, kAuxiliary}; }

namespace {

std::unique_ptr<Head> MakeUPerNet(const mad::HeadSpec& spec, const std::vector<mad::FeatureLevel>& levels, torch::nn::Module& root,
                                  BatchNorms& norms) {
  std::array<int, UPerNet::kLevels> channels{};
  for (size_t i = 0; i < channels.size(); ++i) channels[i] = levels.at(i).channels;
  return std::make_unique<UPerNet>(UPerNetOptions{spec.classes, spec.channels, spec.channels / 2}, channels, root, norms);
}

DEEPMAD_REGISTER(HeadRegistry, "upernet", "a class for each pixel: pyramid pooling, feature pyramid, auxiliary head (Xiao et al. 2018)",
                 MakeUPerNet);

}  // namespace
}  // namespace deepmad::models
