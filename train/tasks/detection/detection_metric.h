// COCO's box metric of a network on a validation set.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "train/metrics/coco_ap.h"
#include "train/tasks/task.h"

namespace deepmad::train {

// The ground truth of a validation set, with the ids and names of its classes.
struct DetectionTruths {
  CocoTruths boxes;
  std::vector<int64_t> category_ids;     // by class index
  std::vector<std::string> class_names;  // by class index
};

class DetectionMetric : public TaskMetric {
 public:
  // `truths` must outlive the metric. If `results_file` is not empty, rank 0 writes all detections to it in COCO's format.
  DetectionMetric(const DetectionTruths& truths, std::string results_file) : truths_(truths), results_file_(std::move(results_file)) {}

  void Add(models::Network& network, const data::Batch& batch) override;
  // Gathers the detections of all ranks on every rank, so that each computes the same numbers as a single process.
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
