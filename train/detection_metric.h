// COCO's box metric of a network on a validation set.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "train/metrics/coco_ap.h"
#include "train/task.h"

namespace deepmad::train {

// All objects of a validation set, and how its classes are called.
struct DetectionTruths {
  CocoTruths boxes;
  std::vector<int64_t> category_ids;     // by class index
  std::vector<std::string> class_names;  // by class index
};

class DetectionMetric : public TaskMetric {
 public:
  // `truths` outlives the metric. `results_file`: where rank 0 writes all detections in COCO's format; empty: nowhere.
  DetectionMetric(const DetectionTruths& truths, std::string results_file) : truths_(truths), results_file_(std::move(results_file)) {}

  void Add(models::Network& network, const data::Batch& batch) override;
  // Gives every rank the detections of all, so that each computes the very numbers of one process.
  void AddRanks(const models::ProcessGroup& group) override;
  std::vector<std::string> Names() const override;
  MetricValues Values() const override;
  base::Json Particulars() const override;

 private:
  const CocoScores& Scores() const;

  const DetectionTruths& truths_;
  std::string results_file_;
  int64_t pictures_ = 0;
  std::vector<CocoDetection> detections_;
  mutable std::optional<CocoScores> scores_;  // once all is added
};

}  // namespace deepmad::train
