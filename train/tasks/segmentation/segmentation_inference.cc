#include "train/tasks/segmentation/segmentation_inference.h"

#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "data/inputs/scenes_preparation.h"
#include "models/device/pinned_copy.h"
#include "models/heads/scene_inference.h"
#include "models/heads/upernet.h"
#include "models/network/network.h"

namespace deepmad::train {
namespace {

constexpr std::array<double, 6> kRatios = {0.5, 0.75, 1.0, 1.25, 1.5, 1.75};

at::Tensor Best(const at::Tensor& scores) { return scores.argmax(1).squeeze(0).to(at::kByte).cpu(); }

// [1, 3, h, w] on [0, 1] -> the picture whose levels they are.
data::Image ImageOfLevels(const at::Tensor& levels) {
  const at::Tensor rows = levels.squeeze(0).permute({1, 2, 0}).mul(255).round().to(at::kByte).cpu().contiguous();
  data::Image image(static_cast<int>(rows.size(0)), static_cast<int>(rows.size(1)), static_cast<int>(rows.size(2)));
  std::copy_n(rows.const_data_ptr<uint8_t>(), image.pixels.size(), image.pixels.data());
  return image;
}

at::Tensor Normalised(const data::Image& image, const data::Normaliser& normaliser, const at::Tensor& like) {
  const at::Tensor values = at::empty({1, image.channels, image.height, image.width}, at::kFloat);
  normaliser.Apply(image, data::MemoryLayout::kContiguous, values.mutable_data_ptr<float>());
  return models::CopyToDevice(values, like.device()).contiguous(like.suggest_memory_format());
}

}  // namespace

SceneReading ReadSceneReading(const base::Config& validate, int64_t crop) {
  SceneReading reading;
  reading.slide = validate.GetChoice("inference", "whole", {"whole", "slide"}) == "slide";
  reading.side = crop;
  reading.stride = std::max<int64_t>(1, crop * 2 / 3);
  reading.scales = validate.GetBool("scales_and_flip", reading.scales);
  return reading;
}

data::Preparation SceneReader::Prepare() const {
  return reading_.scales ? data::PrepareLevelsOfScenes() : data::PrepareWholeScenes(input_);
}

std::string SceneReader::Protocol(const std::string& input) const {
  const std::string parts =
      reading_.slide ? fmt::format("windows of {} px every {} px", reading_.side, reading_.stride) : std::string("whole pictures");
  return parts + " " + input + (reading_.scales ? ", _ms over 6 scales and mirrored" : "");
}

at::Tensor SceneReader::Logits(models::Network& network, const at::Tensor& images) const {
  const auto forward = [&](const at::Tensor& part) { return network.ForwardHead(part).front(); };
  return reading_.slide ? models::SlideLogits(forward, images, reading_.side, reading_.stride) : models::WholeLogits(forward, images);
}

SceneMaps SceneReader::Read(models::Network& network, const at::Tensor& images, int64_t height, int64_t width) const {
  if (reading_.scales) return ReadScales(network, images, height, width);
  return {Best(models::ResizeMap(Logits(network, images), {height, width})), {}};
}

SceneMaps SceneReader::ReadScales(models::Network& network, const at::Tensor& levels, int64_t height, int64_t width) const {
  const data::Image picture = ImageOfLevels(levels);
  models::ScaleMean mean(height, width);
  SceneMaps maps;
  for (const double ratio : kRatios) {
    const data::Size size = input_.scale.SizeOf({picture.height, picture.width}, ratio);
    const at::Tensor images = Normalised(data::ResizeBilinear(picture, size), input_.normaliser, levels);
    const at::Tensor logits = Logits(network, images);
    if (ratio == 1) maps.classes = Best(models::ResizeMap(logits, {height, width}));
    mean.Add(logits, /*mirrored=*/false);
    mean.Add(Logits(network, images.flip(3)), /*mirrored=*/true);
  }
  maps.averaged = Best(mean.Probabilities());
  return maps;
}

}  // namespace deepmad::train
