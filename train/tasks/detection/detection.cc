// Object detection by FCOS or GFLv2, scored by COCO's box metric (docs/protocols/detection.md, sections 4, 5 and 8).
#include <filesystem>
#include <optional>
#include <stdexcept>

#include "base/error.h"
#include "data/annotations/coco_annotations.h"
#include "data/inputs/open_datasets.h"
#include "mad/network/dense_head_type.h"
#include "models/heads/detection_head.h"
#include "models/network/network.h"
#include "train/numerics/precision.h"
#include "train/tasks/detection/coco_ground_truth.h"
#include "train/tasks/detection/detection_metric.h"
#include "train/tasks/detection/detector_loss.h"
#include "train/tasks/task.h"

namespace deepmad::train {
namespace {

namespace fs = std::filesystem;

const models::DetectionHead& HeadOf(const models::Network& network) {
  const auto* head = dynamic_cast<const models::DetectionHead*>(network.head());
  if (head == nullptr) throw std::logic_error("detection: a network without a detection head");
  return *head;
}

class DetectionTask : public Task {
 public:
  explicit DetectionTask(const base::Config& section) {
    loss_options_.least_weight = section.GetDouble("least_weight", loss_options_.least_weight, 1e-6, 1e6);
  }

  data::LabelKind labels() const override { return data::LabelKind::kBoxes; }
  bool Takes(const mad::HeadSpec& head) const override { return mad::PredictsBoxes(head.type); }

  void StartValidation(const base::Config&, data::Datasets& data) override {
    const std::shared_ptr<const data::CocoAnnotations> annotations = data.validation->annotations();
    if (annotations == nullptr) throw std::logic_error("detection: data without annotations");
    truths_ = {TruthsOf(*annotations), data.validation->class_ids(), data.class_names()};
  }

  void WritePredictions(const std::string& place) override {
    if (fs::path(place).extension() != ".json") {
      throw base::UsageError("detections are one file, whose name ends in .json", place, "give --results FILE.json");
    }
    results_file_ = place;
  }

  void Start(const TaskContext& context) override {
    loss_ = NewDetectorLoss(HeadOf(context.network), loss_options_);
    group_ = context.group;
  }

  at::Tensor Loss(models::Network& network, data::Batch& batch, const BatchPosition&) const override {
    const models::DetectionHead& head = HeadOf(network);
    const std::vector<models::DetectionMaps> maps = head.ForwardMaps(network.ForwardFeatures(batch.images));
    const FullPrecisionGuard full(batch.images.device().type());
    return loss_->Parts(maps, batch.boxes, group_).Sum();
  }

  std::unique_ptr<TaskMetric> NewMetric() const override { return std::make_unique<DetectionMetric>(truths_.value(), results_file_); }

 private:
  DetectorLossOptions loss_options_;
  std::unique_ptr<DetectorLoss> loss_;
  const models::ProcessGroup* group_ = nullptr;
  std::optional<DetectionTruths> truths_;
  std::string results_file_;
};

DEEPMAD_REGISTER(TaskRegistry, "detection", "boxes around objects by FCOS or GFLv2, scored by COCO's metric",
                 [](const base::Config& section, int64_t) { return std::make_unique<DetectionTask>(section); });

}  // namespace
}  // namespace deepmad::train
