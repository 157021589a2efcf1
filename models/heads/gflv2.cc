#include "models/heads/gflv2.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/topk.h>

namespace deepmad::models {

GflHead::GflHead(const mad::HeadSpec& spec, const std::vector<mad::FeatureLevel>& levels, torch::nn::Module& root)
    : DetectionHead(spec, levels,
                    {.channels = spec.channels,
                     .tower_bias = false,
                     .relu_before_last = false,
                     .class_layer = "gfl_cls",
                     .side_layer = "gfl_reg",
                     .side_channels = 4 * kBins},
                    root),
      // ".1" of the published list is the ReLU between them.
      quality_hidden_(4 * (kLargest + 1), kQualityHidden, {.kernel = 1}, root, kPrefix + "reg_conf.0"),
      quality_out_(kQualityHidden, 1, {.kernel = 1}, root, kPrefix + "reg_conf.2") {}

std::vector<DetectionMaps> GflHead::ForwardMaps(const std::vector<at::Tensor>& features) const {
  std::vector<DetectionMaps> maps;
  for (const Level& level : ForwardLevels(features)) {
    const int64_t images = level.sides.size(0), rows = level.sides.size(2), columns = level.sides.size(3);
    const at::Tensor p = at::softmax(level.sides.reshape({images, 4, kBins, rows, columns}), 2);
    const at::Tensor largest = std::get<0>(at::topk(p, kLargest, 2));
    const at::Tensor shape = at::cat({largest, largest.mean(2, /*keepdim=*/true)}, 2).reshape({images, -1, rows, columns});
    const at::Tensor quality = InFloat(quality_out_.Forward(at::relu(quality_hidden_.Forward(shape))));
    const at::Tensor strides = at::arange(kBins, p.options()).view({1, 1, kBins, 1, 1});
    maps.push_back({level.classes, quality, (p * strides).sum(2), level.sides});
  }
  return maps;
}

namespace {

DEEPMAD_REGISTER(HeadRegistry, "gflv2", "boxes from each cell as distributions, with their quality estimated from these (Li et al. 2021)",
                 ([](const mad::HeadSpec& spec, const std::vector<mad::FeatureLevel>& levels, torch::nn::Module& root, BatchNorms&) {
                   return std::unique_ptr<Head>(std::make_unique<GflHead>(spec, levels, root));
                 }));

}  // namespace
}  // namespace deepmad::models
