#include "train/predict/predict_boxes.h"

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "data/dataset/unlabelled_images.h"
#include "data/inputs/open_datasets.h"
#include "data/transforms/channels.h"
#include "train/predict/broken_files.h"
#include "train/predict/data_of_network.h"
#include "train/predict/prediction_loop.h"
#include "train/predict/trained_network.h"
#include "train/report/box_drawing.h"
#include "train/report/scene_overlay.h"
#include "train/run/runtime_setup.h"
#include "train/run/train_config.h"
#include "train/tasks/detection/detect_objects.h"
#include "train/tasks/top_classes.h"

namespace deepmad::train {
namespace {

data::InputOptions ReadInput(const base::Config& config, const mad::NetworkSpec& spec) {
  data::InputOptions options = data::ReadInputOptions(DataSection(config, {"input=boxes"}));
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
  const at::Device device = StartSession(options, train.precision, /*one_shape=*/false);
  const data::PictureFiles pictures(files, input.upright);
  const std::vector<std::string> drawings = DrawingFiles(files, out);
  const LoadedNetwork detector = LoadTrained(spec, weights, train, device);
  std::vector<BoxPrediction> predictions;
  PredictEach({pictures, input.validation_pipeline, input, train.precision, device}, [&](size_t index, const data::Batch& batch) {
    if (pictures.IsBroken(static_cast<int64_t>(index))) return;
    const data::InputBoxes& place = batch.boxes.front();
    const models::PictureFrame frame{static_cast<double>(place.height), static_cast<double>(place.width), place.scale_y, place.scale_x};
    const std::vector<std::vector<models::Detection>> found = DetectObjects(*detector.network, batch.images, {frame});
    std::vector<FoundObject> objects = Named(found.front(), detector.class_names, least_score);
    base::WriteFileAtomically(drawings[index], Drawing(pictures, static_cast<int64_t>(index), objects));
    predictions.push_back({files[index], drawings[index], std::move(objects)});
  });
  ReportBroken(pictures);
  return predictions;
}

}  // namespace deepmad::train
