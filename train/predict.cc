#include "train/predict.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/topk.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <map>

#include "data/data_config.h"
#include "data/image_io.h"
#include "models/device.h"
#include "models/network.h"
#include "models/weights/load.h"
#include "train/precision.h"
#include "train/session.h"
#include "train/train_config.h"

namespace deepmad::train {
namespace {

constexpr size_t kBatch = 32;

data::InputOptions ReadInput(const base::Config& config, const mad::NetworkSpec& spec) {
  base::Config input = config;
  if (!config.Has("data")) {
    input = base::Config::FromText("data: {}");
    input.Override("data.image_size=" + std::to_string(spec.input.height));
    input.Override("data.channels=" + std::to_string(spec.input.channels));
  }
  return data::ReadInputOptions(input.Section("data"));
}

std::string ClassName(const std::vector<std::string>& names, int64_t index) {
  return static_cast<size_t>(index) < names.size() ? names[static_cast<size_t>(index)] : "class " + std::to_string(index);
}

// Probabilities [N, classes] float32 on the CPU.
at::Tensor Probabilities(models::Network& network, const std::vector<data::Image>& images, const data::InputOptions& input,
                         const PrecisionOptions& precision, at::Device device) {
  const auto size = static_cast<int64_t>(images.size());
  at::Tensor batch = at::empty({size, input.shape.channels, input.shape.height, input.shape.width}, at::kFloat);
  for (int64_t i = 0; i < size; ++i) {
    // Validation draws nothing, so any stream will do.
    const base::Random random(0, base::RandomPurpose::kAugment);
    input.validation_pipeline.Apply(images[static_cast<size_t>(i)], random, data::MemoryLayout::kContiguous,
                                    batch.mutable_data_ptr<float>() + i * input.shape.values());
  }
  if (precision.channels_last) batch = batch.contiguous(at::MemoryFormat::ChannelsLast);
  const AutocastGuard autocast(precision, device.type());
  return at::softmax(network.Forward(batch.to(device)), 1, at::kFloat).cpu();
}

}  // namespace

std::vector<Prediction> Predict(const base::Config& config, const mad::NetworkSpec& spec, const models::WeightsPlace& weights,
                                const std::vector<std::string>& files, const RunOptions& options) {
  const data::InputOptions input = ReadInput(config, spec);
  TrainConfig train = ReadTrainConfig(config);
  const at::Device device = StartSession(options, train.precision);
  const std::shared_ptr<models::Network> network = MakeNetwork(spec, train, device);
  models::WeightsFile file = models::OpenWeights(weights);
  models::LoadWeights(*network, file, models::HeadPolicy::kStrict, weights.file);
  std::vector<std::string> names;
  if (const std::string& text = file.metadata["classes"]; !text.empty()) names = base::Json::parse(text);
  network->eval();

  const c10::InferenceMode inference;
  std::vector<Prediction> predictions;
  for (size_t start = 0; start < files.size(); start += kBatch) {
    std::vector<data::Image> images;
    for (size_t i = start; i < std::min(start + kBatch, files.size()); ++i) images.push_back(data::ReadImage(files[i]));
    const at::Tensor probabilities = Probabilities(*network, images, input, train.precision, device);
    const auto [values, indices] = at::topk(probabilities, std::min<int64_t>(5, probabilities.size(1)));
    for (size_t i = 0; i < images.size(); ++i) {
      Prediction prediction{files[start + i], {}};
      for (int64_t k = 0; k < values.size(1); ++k) {
        const auto row = static_cast<int64_t>(i);
        const auto index = indices[row][k].item<int64_t>();
        prediction.top.push_back({static_cast<int>(index), ClassName(names, index), values[row][k].item<double>()});
      }
      predictions.push_back(std::move(prediction));
    }
  }
  return predictions;
}

}  // namespace deepmad::train
