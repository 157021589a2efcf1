#include "train/predict/predict_scenes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/atomic_file.h"
#include "base/error.h"
#include "data/dataset/unlabelled_images.h"
#include "data/inputs/open_datasets.h"
#include "data/transforms/channels.h"
#include "train/predict/broken_files.h"
#include "train/predict/data_of_network.h"
#include "train/predict/prediction_loop.h"
#include "train/predict/trained_network.h"
#include "train/report/scene_overlay.h"
#include "train/run/runtime_setup.h"
#include "train/run/train_config.h"
#include "train/tasks/segmentation/segmentation_inference.h"
#include "train/tasks/top_classes.h"

namespace deepmad::train {
namespace {

data::InputOptions ReadInput(const base::Config& config, const mad::NetworkSpec& spec) {
  data::InputOptions options =
      data::ReadInputOptions(DataSection(config, {"input=scenes", "image_size=" + std::to_string(spec.input.height)}));
  if (!options.scenes) {
    throw base::UsageError("network '" + spec.name + "' gives a class for each pixel, not for a picture", config.Where("data"),
                           "set data.input to scenes");
  }
  return options;
}

std::vector<ClassShare> SharesOf(const at::Tensor& classes, const std::vector<std::string>& names) {
  std::array<int64_t, 256> pixels{};
  const auto* values = classes.const_data_ptr<uint8_t>();
  for (int64_t i = 0; i < classes.numel(); ++i) ++pixels[values[i]];
  std::vector<ClassShare> shares;
  for (size_t i = 0; i < pixels.size(); ++i) {
    if (pixels[i] == 0) continue;
    shares.push_back({static_cast<int>(i), ClassName(names, static_cast<int64_t>(i), 1),
                      static_cast<double>(pixels[i]) / static_cast<double>(classes.numel())});
  }
  std::stable_sort(shares.begin(), shares.end(), [](const ClassShare& a, const ClassShare& b) { return a.share > b.share; });
  return shares;
}

std::string Overlay(const data::Dataset& pictures, int64_t index, const at::Tensor& classes, const std::vector<ClassShare>& shares) {
  data::Image picture = pictures.Get(index).picture.Decode();
  data::ConvertChannels(picture, 3);
  std::vector<LegendEntry> legend;
  for (const ClassShare& one : shares)
    legend.push_back({fmt::format("{:.1f} % {}", 100 * one.share, one.name), ClassColour(one.class_index)});
  return SceneOverlay(picture.pixels.data(), classes.const_data_ptr<uint8_t>(), picture.height, picture.width, legend);
}

}  // namespace

std::vector<ScenePrediction> PredictScenes(const base::Config& config, const mad::NetworkSpec& spec, const models::WeightsPlace& weights,
                                           const std::vector<std::string>& files, const std::string& out, const RunOptions& options) {
  const data::InputOptions input = ReadInput(config, spec);
  TrainConfig train = ReadTrainConfig(config);
  const SceneReader reader(ReadSceneReading(config.Section("validate"), input.shape.height), *input.scenes);
  const at::Device device = StartSession(options, train.precision, /*one_shape=*/false);
  const data::PictureFiles pictures(files, input.upright);
  const std::vector<std::string> overlays = DrawingFiles(files, out);
  const LoadedNetwork scene = LoadTrained(spec, weights, train, device);
  const data::Preparation prepare = reader.Prepare();
  std::vector<ScenePrediction> predictions;
  PredictEach({pictures, prepare, input, train.precision, device}, [&](size_t index, const data::Batch& batch) {
    if (pictures.IsBroken(static_cast<int64_t>(index))) return;
    const SceneMaps maps = reader.Read(*scene.network, batch.images, batch.labels.size(1), batch.labels.size(2));
    const at::Tensor classes = (maps.averaged.defined() ? maps.averaged : maps.classes).contiguous();
    std::vector<ClassShare> shares = SharesOf(classes, scene.class_names);
    base::WriteFileAtomically(overlays[index], Overlay(pictures, static_cast<int64_t>(index), classes, shares));
    predictions.push_back({files[index], overlays[index], std::move(shares)});
  });
  ReportBroken(pictures);
  return predictions;
}

}  // namespace deepmad::train
