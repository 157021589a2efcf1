#include "train/predict_boxes.h"

#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/progress.h"
#include "base/stop_signal.h"
#include "data/data_config.h"
#include "data/loader/loader.h"
#include "data/picture_files.h"
#include "data/transforms/channels.h"
#include "train/detect_objects.h"
#include "train/evaluator.h"
#include "train/loaded_network.h"
#include "train/report/box_drawing.h"
#include "train/report/scene_overlay.h"
#include "train/session.h"
#include "train/train_config.h"

namespace deepmad::train {
namespace {

data::InputOptions ReadInput(const base::Config& config, const mad::NetworkSpec& spec) {
  const base::Config input = config.Has("data") ? config : base::Config::FromText("data: {input: boxes}");
  data::InputOptions options = data::ReadInputOptions(input.Section("data"));
  if (options.labels != data::LabelKind::kBoxes) {
    throw base::UsageError("network '" + spec.name + "' gives boxes, not a label for each " + data::LabelledThing(options.labels),
                           config.Where("data"), "set data.input to boxes");
  }
  return options;
}

std::vector<FoundObject> Named(const std::vector<models::Detection>& detections, const std::vector<std::string>& names, double least) {
  std::vector<FoundObject> objects;
  for (const models::Detection& one : detections) {
    if (one.score < least) break;  // by falling score
    objects.push_back({one.label, ClassName(names, one.label, 0), one.score, {one.box[0], one.box[1], one.box[2], one.box[3]}});
  }
  return objects;
}

std::string Drawing(const data::Dataset& pictures, int64_t index, const std::vector<FoundObject>& objects) {
  data::Image picture = pictures.Get(index).picture.Decode();
  data::ConvertChannels(picture, 3);
  std::vector<DrawnBox> boxes;
  for (const FoundObject& one : objects) {
    const auto [left, top, right, bottom] = one.box;
    boxes.push_back(
        {left, top, right, bottom, fmt::format("{} {:.2f}", one.name, one.score), ClassColour(static_cast<int>(one.class_index))});
  }
  return BoxDrawing(picture.pixels.data(), picture.height, picture.width, boxes);
}

}  // namespace

std::vector<BoxPrediction> PredictBoxes(const base::Config& config, const mad::NetworkSpec& spec, const models::WeightsPlace& weights,
                                        const std::vector<std::string>& files, const std::string& out, double least_score,
                                        const RunOptions& options) {
  const data::InputOptions input = ReadInput(config, spec);
  TrainConfig train = ReadTrainConfig(config);
  const at::Device device = StartSession(options, train.precision);
  const data::PictureFiles pictures(files);
  const std::vector<std::string> drawings = DrawingFiles(files, out);
  const LoadedNetwork detector = LoadTrained(spec, weights, train, device);
  data::LoaderOptions loading;
  loading.batch_size = 1;
  loading.workers = input.workers;
  loading.queue_batches = input.queue_batches;
  loading.channels_last = train.precision.channels_last;
  data::Loader loader(pictures, input.validation_pipeline, loading);

  const c10::InferenceMode inference;
  base::ProgressOptions progress_options;
  progress_options.label = "predict";
  progress_options.total = pictures.size();
  base::Progress progress(progress_options);
  std::vector<BoxPrediction> predictions;
  data::Batch batch;
  loader.StartEpoch(0);
  while (loader.Next(&batch)) {
    if (base::StopRequested()) throw base::Error(base::ErrorKind::kStopped, "stopped by a signal", "predict", "start again");
    const auto index = static_cast<int64_t>(predictions.size());
    const AutocastGuard autocast(train.precision, device.type());
    const data::InputBoxes& place = batch.boxes.front();
    const models::PictureFrame frame{static_cast<double>(place.height), static_cast<double>(place.width), place.scale_y, place.scale_x};
    const std::vector<std::vector<models::Detection>> found = DetectObjects(*detector.network, batch.images.to(device), {frame});
    std::vector<FoundObject> objects = Named(found.front(), detector.class_names, least_score);
    base::WriteFileAtomically(drawings[static_cast<size_t>(index)], Drawing(pictures, index, objects));
    predictions.push_back({files[static_cast<size_t>(index)], drawings[static_cast<size_t>(index)], std::move(objects)});
    progress.Update(index + 1);
  }
  return predictions;
}

}  // namespace deepmad::train
