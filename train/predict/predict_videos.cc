#include "train/predict/predict_videos.h"

#include <ATen/ops/softmax.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/atomic_file.h"
#include "base/error.h"
#include "data/dataset/unlabelled_videos.h"
#include "data/inputs/clips_config.h"
#include "data/inputs/open_datasets.h"
#include "train/predict/data_of_network.h"
#include "train/predict/prediction_loop.h"
#include "train/predict/trained_network.h"
#include "train/report/contact_sheet.h"
#include "train/run/runtime_setup.h"
#include "train/run/train_config.h"
#include "train/tasks/action/multi_view_scores.h"

namespace deepmad::train {
namespace {

// The `data` section, or the defaults around the network's input: as everywhere, the crop is 7/8 of the short side.
base::Config DataOf(const base::Config& config, const mad::NetworkSpec& spec) {
  if (spec.SpatialDims() != 3) return config.Section("data");  // the network alone would be one of pictures
  const int side = std::max(spec.input.height, spec.input.width);
  return DataSection(
      config, {"input=clips", "clip.sampling=dense", fmt::format("image_size={}", side), fmt::format("clip.frames={}", spec.input.frames),
               fmt::format("train.short_side={}", (side * 8 + 6) / 7), fmt::format("validate.short_side={}", (side * 8 + 6) / 7)});
}

void CheckClassifies(const base::Config& config, const mad::NetworkSpec& spec, const data::InputOptions& input) {
  if (!spec.head.IsClassifier()) {
    throw base::UsageError(fmt::format("network '{}' gives no class for a video", spec.name), "",
                           "choose a network with a head of type classifier");
  }
  if (input.labels != data::LabelKind::kVideo) {
    throw base::UsageError(fmt::format("network '{}' takes videos", spec.name), config.Where("data"), "set data.input to clips");
  }
  if ((spec.SpatialDims() == 3) != (input.frames > 0)) {
    throw base::UsageError(fmt::format("network '{}' takes {}, the data are {}", spec.name, input.frames > 0 ? "single frames" : "clips",
                                       input.frames > 0 ? "clips" : "single frames"),
                           config.Where("data"), "choose another data.clip.sampling: sparse for a network of 2-D blocks, dense for 3-D");
  }
}

// Number and time: "37, 1.5 s"
std::string Caption(int64_t frame, double fps) {
  return fps > 0 ? fmt::format("{}, {:.1f} s", frame, static_cast<double>(frame) / fps) : fmt::format("{}", frame);
}

std::string Sheet(const std::string& path, const data::TestClips& clips, const std::vector<ClassScore>& top) {
  constexpr size_t kColumns = 8;  // of single frames
  const std::unique_ptr<data::Frames> video = data::OpenFrames(path);
  const std::vector<std::vector<int64_t>> lists = data::TestFrames(clips, *video);
  std::vector<int64_t> numbers;
  for (const std::vector<int64_t>& clip : lists) numbers.insert(numbers.end(), clip.begin(), clip.end());
  ContactSheet sheet(numbers.size(), clips.sampling.dense ? lists.front().size() : kColumns);
  video->Read(numbers, [&](size_t position, const data::ImageView& frame) {
    sheet.Put(position, frame.pixels, frame.height, frame.width, frame.stride, Caption(numbers[position], video->fps()));
  });
  std::vector<std::string> lines;
  for (const ClassScore& score : top) lines.push_back(fmt::format("{:5.1f} %  {}", 100 * score.probability, score.name));
  return sheet.Png(lines);
}

}  // namespace

bool TakesVideos(const base::Config& config, const mad::NetworkSpec& spec) {
  if (spec.SpatialDims() == 3) return true;
  return config.Has("data") && config.Section("data").GetString("input", "pictures") == "clips";
}

std::vector<VideoPrediction> PredictVideos(const base::Config& config, const mad::NetworkSpec& spec, const models::WeightsPlace& weights,
                                           const std::vector<std::string>& files, const std::string& out, const RunOptions& options) {
  const base::Config section = DataOf(config, spec);
  const data::InputOptions input = data::ReadInputOptions(section);
  CheckClassifies(config, spec, input);
  const data::TestClips clips = data::ReadTestClips(section);
  const int64_t views_per_pass = config.Section("task").GetInt("views_per_pass", 32, 1, 100'000);
  TrainConfig train = ReadTrainConfig(config);
  const at::Device device = StartSession(options, train.precision);
  const data::VideoFiles videos(files);
  std::vector<std::string> sheets(files.size());
  if (!out.empty()) sheets = DrawingFiles(files, out);

  const LoadedNetwork trained = LoadTrained(spec, weights, train, device);
  std::vector<VideoPrediction> predictions;
  PredictEach({videos, input.validation_pipeline, input, train.precision, device}, [&](size_t index, const data::Batch& batch) {
    const at::Tensor scores =
        LogScores(ViewLogits(*trained.network, batch.images, views_per_pass), /*of_probabilities=*/spec.SpatialDims() == 3);
    predictions.push_back({files[index], sheets[index], LikeliestClasses(at::softmax(scores[0], 0), trained.class_names)});
    if (!out.empty()) base::WriteFileAtomically(sheets[index], Sheet(files[index], clips, predictions.back().top));
  });
  return predictions;
}

}  // namespace deepmad::train
