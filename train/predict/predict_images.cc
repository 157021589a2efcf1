#include "train/predict/predict_images.h"

#include <ATen/ops/softmax.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/progress.h"
#include "base/stop_signal.h"
#include "data/dataset/unlabelled_images.h"
#include "data/inputs/open_datasets.h"
#include "data/loader/loader.h"
#include "models/inference/inference_network.h"
#include "models/network/network.h"
#include "models/weights/load.h"
#include "train/predict/broken_files.h"
#include "train/predict/data_of_network.h"
#include "train/predict/predict_videos.h"
#include "train/run/runtime_setup.h"
#include "train/run/train_config.h"
#include "train/run/weight_classes.h"

namespace deepmad::train {
namespace {

data::InputOptions ReadInput(const base::Config& config, const mad::NetworkSpec& spec) {
  return data::ReadInputOptions(
      DataSection(config, {fmt::format("image_size={}", spec.input.height), fmt::format("channels={}", spec.input.channels)}));
}

void CheckClassifiesPictures(const base::Config& config, const mad::NetworkSpec& spec) {
  if (TakesVideos(config, spec)) {
    throw base::UsageError(fmt::format("network '{}' takes videos", spec.name), config.Where("data"), "choose a network of pictures");
  }
  if (!spec.head.IsClassifier()) {
    throw base::UsageError(fmt::format("network '{}' gives features and has no classifier", spec.name), "",
                           "choose a network with a head of type classifier");
  }
}

data::LoaderOptions LoaderFor(const data::InputOptions& input, int64_t batch_size, at::Device device) {
  data::LoaderOptions options;
  options.batch_size = batch_size;
  options.workers = input.workers;
  options.queue_batches = input.queue_batches;
  options.channels_last = true;
  options.pin_memory = device.is_cuda();
  return options;
}

struct Classifier {
  models::InferenceNetwork network;
  std::vector<std::string> class_names;
};

// The network with its weights is given back once it is folded.
Classifier LoadClassifier(const mad::NetworkSpec& spec, const models::WeightsPlace& weights, const TrainConfig& config, int64_t batch_size,
                          at::Device device) {
  const std::shared_ptr<models::Network> network = models::BuildNetwork(spec);
  network->batch_norm_settings() = config.batch_norm;
  const models::WeightsFile file = models::OpenWeights(weights);
  models::LoadWeights(*network, file, models::HeadPolicy::kStrict, weights.file);
  network->to(device);
  const at::ScalarType dtype = config.precision.autocast.value_or(at::kFloat);
  return {models::InferenceNetwork(*network, {.dtype = dtype, .batch = batch_size}), ClassesOf(file)};
}

// The best of each row of logits [N, classes], but for those of broken pictures.
void AppendPredictions(const at::Tensor& logits, const data::Batch& batch, const data::PictureFiles& pictures,
                       const std::vector<std::string>& class_names, std::vector<Prediction>& predictions) {
  const at::Tensor probabilities = at::softmax(logits, 1).cpu();
  for (size_t i = 0; i < batch.sources.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    if (pictures.IsBroken(batch.first_position + row)) continue;
    predictions.push_back({batch.sources[i], LikeliestClasses(probabilities[row], class_names)});
  }
}

}  // namespace

std::vector<Prediction> Predict(const base::Config& config, const mad::NetworkSpec& spec, const models::WeightsPlace& weights,
                                const std::vector<std::string>& files, int64_t batch_size, const RunOptions& options) {
  CheckClassifiesPictures(config, spec);
  const data::InputOptions input = ReadInput(config, spec);
  if (!input.one_shape) {
    throw base::UsageError(
        fmt::format("network '{}' gives a label for a picture, not for each {}", spec.name, data::LabelledThing(input.labels)),
        config.Where("data"), "set data.input to pictures");
  }
  TrainConfig train = ReadTrainConfig(config);
  const at::Device device = StartSession(options, train.precision);
  const data::PictureFiles pictures(files, input.upright);
  batch_size = std::min(batch_size, pictures.size());
  const Classifier classifier = LoadClassifier(spec, weights, train, batch_size, device);
  data::Loader loader(pictures, input.validation_pipeline, LoaderFor(input, batch_size, device));

  base::ProgressOptions progress_options;
  progress_options.label = "predict";
  progress_options.total = pictures.size();
  base::Progress progress(progress_options);
  std::vector<Prediction> predictions;
  data::Batch batch;
  loader.StartEpoch(0);
  while (loader.Next(&batch)) {
    if (base::StopRequested()) throw base::Error(base::ErrorKind::kStopped, "stopped by a signal", "predict", "start again");
    AppendPredictions(classifier.network.Forward(batch.images.to(device)), batch, pictures, classifier.class_names, predictions);
    progress.Update(batch.first_position + batch.images.size(0));
  }
  ReportBroken(pictures);
  return predictions;
}

}  // namespace deepmad::train
