// Semantic segmentation by UPerNet: cross entropy of main and auxiliary logits, mean IoU
// (docs/protocols/segmentation.md, sections 4, 6 and 7).
#include <ATen/ops/empty.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <stdexcept>

#include "base/atomic_file.h"
#include "base/error.h"
#include "data/image/label_map.h"
#include "data/inputs/open_datasets.h"
#include "models/heads/upernet.h"
#include "models/layers/process_group.h"
#include "models/network/network.h"
#include "train/metrics/class_table.h"
#include "train/tasks/channel_dropout.h"
#include "train/tasks/segmentation/pixel_loss.h"
#include "train/tasks/segmentation/segmentation_inference.h"
#include "train/tasks/task.h"

namespace deepmad::train {
namespace {

namespace fs = std::filesystem;

const models::UPerNet& HeadOf(const models::Network& network) {
  const auto* head = dynamic_cast<const models::UPerNet*>(network.head());
  if (head == nullptr) throw std::logic_error("segmentation: a network without a UPerNet head");
  return *head;
}

void AddUp(SegmentationCounts& counts, const models::ProcessGroup& group) {
  std::vector<ClassPixels> classes = counts.classes();
  const at::Tensor numbers = at::empty({static_cast<int64_t>(classes.size()), 3}, at::kLong);
  auto* number = numbers.mutable_data_ptr<int64_t>();
  for (size_t i = 0; i < classes.size(); ++i) {
    number[3 * i] = classes[i].both;
    number[3 * i + 1] = classes[i].predicted;
    number[3 * i + 2] = classes[i].labelled;
  }
  group.Sum(numbers);
  for (size_t i = 0; i < classes.size(); ++i) classes[i] = {number[3 * i], number[3 * i + 1], number[3 * i + 2]};
  counts = SegmentationCounts(std::move(classes));
}

// Where predictions go and how; shared by the metrics of a task.
struct PredictionFiles {
  std::string folder;  // empty: nowhere

  void Write(const at::Tensor& classes, const std::string& source) const {
    if (folder.empty()) return;
    data::Image map(static_cast<int>(classes.size(0)), static_cast<int>(classes.size(1)), 1);
    std::copy_n(classes.const_data_ptr<uint8_t>(), map.pixels.size(), map.pixels.data());
    const std::string file = (fs::path(folder) / fs::path(source).stem()).string() + ".png";
    base::WriteFileAtomically(file, data::EncodeLabelMap(map, data::LabelNumbering::kFromOne));
  }
};

class SegmentationMetric : public TaskMetric {
 public:
  SegmentationMetric(const SceneReader& reader, const std::vector<std::string>& class_names, PredictionFiles files)
      : reader_(reader), class_names_(class_names), files_(std::move(files)), counts_(static_cast<int64_t>(class_names.size())) {
    if (reader.reading().scales) averaged_ = counts_;
  }

  void Add(models::Network& network, const data::Batch& batch) override {
    for (int64_t i = 0; i < batch.images.size(0); ++i) {
      const at::Tensor labels = batch.labels[i].cpu().contiguous();
      const SceneMaps maps = reader_.Read(network, batch.images.narrow(0, i, 1), labels.size(0), labels.size(1));
      Count(labels, maps.classes, counts_);
      if (averaged_) Count(labels, maps.averaged, *averaged_);
      files_.Write(averaged_ ? maps.averaged : maps.classes, batch.sources[static_cast<size_t>(i)]);
    }
  }

  void AddRanks(const models::ProcessGroup& group) override {
    AddUp(counts_, group);
    if (averaged_) AddUp(*averaged_, group);
  }

  std::vector<std::string> Names() const override {
    if (!averaged_) return {"mIoU", "mAcc", "aAcc"};
    return {"mIoU", "mAcc", "aAcc", "mIoU_ms", "mAcc_ms", "aAcc_ms"};
  }

  MetricValues Values() const override {
    MetricValues values = {{"mIoU", counts_.mean_iou()}, {"mAcc", counts_.mean_accuracy()}, {"aAcc", counts_.pixel_accuracy()}};
    if (averaged_) {
      values.emplace_back("mIoU_ms", averaged_->mean_iou());
      values.emplace_back("mAcc_ms", averaged_->mean_accuracy());
      values.emplace_back("aAcc_ms", averaged_->pixel_accuracy());
    }
    return values;
  }

  base::Json Particulars() const override { return {{"classes", ClassTable(counts_, class_names_, 1)}}; }

 private:
  static void Count(const at::Tensor& labels, const at::Tensor& classes, SegmentationCounts& counts) {
    counts.Add(labels.const_data_ptr<uint8_t>(), classes.const_data_ptr<uint8_t>(), static_cast<size_t>(labels.numel()));
  }

  const SceneReader& reader_;
  const std::vector<std::string>& class_names_;
  PredictionFiles files_;
  SegmentationCounts counts_;                   // of single-scale predictions
  std::optional<SegmentationCounts> averaged_;  // of those over scales
};

class Segmentation : public Task {
 public:
  explicit Segmentation(const base::Config& section)
      : auxiliary_weight_(section.GetDouble("auxiliary_weight", 0.4, 0, 100)),
        dropout_(section.GetDouble("dropout", 0.1, 0, 0.99)),
        mean_(section.GetBool("avg_non_ignore", false) ? PixelMean::kLabelledPixels : PixelMean::kAllPixels) {}

  data::LabelKind labels() const override { return data::LabelKind::kPixels; }
  bool Takes(const mad::HeadSpec& head) const override { return head.type == "upernet"; }

  void StartValidation(const base::Config& validate, data::Datasets& data) override {
    if (!data.scenes) throw std::logic_error("segmentation: data without labels for pixels");
    reader_.emplace(ReadSceneReading(validate, data.shape.height), *data.scenes);
    class_names_ = data.class_names();
    data.validation_pipeline = reader_->Prepare();
    data.protocol = reader_->Protocol(data.protocol);
  }

  void WritePredictions(const std::string& place) override {
    std::error_code error;
    fs::create_directories(place, error);
    if (error) throw base::FailedError("cannot make the folder: " + error.message(), place);
    files_.folder = place;
  }

  at::Tensor Loss(models::Network& network, data::Batch& batch, const BatchPosition& position) const override {
    const models::UPerNet& head = HeadOf(network);
    const models::UPerNetOptions& options = head.options();
    const std::vector<at::Tensor> keep = DrawChannelDropout(dropout_, {options.channels, options.auxiliary_channels}, batch, position);
    const std::vector<at::Tensor> features = network.ForwardFeatures(batch.images);
    return PixelCrossEntropy(head.ForwardMain(features, keep[0]), batch.labels, mean_) +
           auxiliary_weight_ * PixelCrossEntropy(head.ForwardAuxiliary(features, keep[1]), batch.labels, mean_);
  }

  std::unique_ptr<TaskMetric> NewMetric() const override {
    return std::make_unique<SegmentationMetric>(reader_.value(), class_names_, files_);
  }

 private:
  double auxiliary_weight_;
  double dropout_;
  PixelMean mean_;
  std::optional<SceneReader> reader_;
  std::vector<std::string> class_names_;
  PredictionFiles files_;
};

DEEPMAD_REGISTER(TaskRegistry, "segmentation", "a class for each pixel: cross entropy with an auxiliary head, mean intersection over union",
                 [](const base::Config& section, int64_t) { return std::make_unique<Segmentation>(section); });

}  // namespace
}  // namespace deepmad::train
