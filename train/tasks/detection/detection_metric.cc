#include "train/tasks/detection/detection_metric.h"

#include <ATen/Parallel.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <bit>

#include "base/error.h"
#include "data/annotations/coco_results.h"
#include "models/layers/process_group.h"
#include "train/metrics/coco_table.h"
#include "train/tasks/detection/detect_objects.h"

namespace deepmad::train {
namespace {

constexpr int64_t kNumbers = 7;  // of a detection: image, category, box, score

// [detections, 7] int64: a tensor carries the bits of all of them unchanged.
at::Tensor Packed(const std::vector<CocoDetection>& detections, int64_t rows) {
  const at::Tensor packed = at::zeros({rows, kNumbers}, at::kLong);
  auto* number = packed.mutable_data_ptr<int64_t>();
  for (const CocoDetection& detection : detections) {
    *number++ = detection.image;
    *number++ = detection.category;
    for (const double side : detection.box) *number++ = std::bit_cast<int64_t>(side);
    *number++ = std::bit_cast<int64_t>(detection.score);
  }
  return packed;
}

void Unpack(const at::Tensor& packed, int64_t rows, std::vector<CocoDetection>& detections) {
  const at::Tensor numbers = packed.contiguous();
  const auto* number = numbers.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < rows; ++i) {
    CocoDetection detection;
    detection.image = *number++;
    detection.category = *number++;
    for (double& side : detection.box) side = std::bit_cast<double>(*number++);
    detection.score = std::bit_cast<double>(*number++);
    detections.push_back(detection);
  }
}

}  // namespace

void DetectionMetric::Add(models::Network& network, const data::Batch& batch) {
  std::vector<models::PictureFrame> frames;
  for (const data::InputBoxes& picture : batch.boxes) {
    frames.push_back({static_cast<double>(picture.height), static_cast<double>(picture.width), picture.scale_y, picture.scale_x});
  }
  const std::vector<std::vector<models::Detection>> found = DetectObjects(network, batch.images, frames);
  for (size_t i = 0; i < found.size(); ++i) {
    for (const models::Detection& one : found[i]) {
      const std::array<double, 4> corners = {one.box[0], one.box[1], one.box[2], one.box[3]};
      detections_.push_back({batch.boxes[i].image_id,
                             truths_.category_ids.at(static_cast<size_t>(one.label)),
                             {corners[0], corners[1], corners[2] - corners[0], corners[3] - corners[1]},
                             one.score});
    }
  }
  pictures_ += static_cast<int64_t>(found.size());
}

void DetectionMetric::AddRanks(const models::ProcessGroup& group) {
  const auto own = static_cast<int64_t>(detections_.size());
  const at::Tensor counts = group.Gather(at::tensor({own, pictures_}, at::kLong));
  const int64_t most = counts.select(1, 0).max().item<int64_t>();
  pictures_ = counts.select(1, 1).sum().item<int64_t>();
  if (most > 0) {
    const at::Tensor all = group.Gather(Packed(detections_, most));
    detections_.clear();
    for (int64_t rank = 0; rank < group.size(); ++rank) Unpack(all[rank], counts[rank][0].item<int64_t>(), detections_);
  }
  if (group.rank() > 0) results_file_.clear();
}

std::vector<std::string> DetectionMetric::Names() const { return {kCocoStatNames.begin(), kCocoStatNames.end()}; }

const CocoScores& DetectionMetric::Scores() const {
  if (scores_) return *scores_;
  if (pictures_ == 0) throw base::FailedError("nothing was detected on: no picture was scored");
  // The order of one process, whoever had which picture: it decides between equal scores.
  std::vector<CocoDetection> ordered = detections_;
  std::stable_sort(ordered.begin(), ordered.end(), [](const CocoDetection& a, const CocoDetection& b) { return a.image < b.image; });
  if (!results_file_.empty()) {
    std::vector<data::CocoResult> results;
    for (const CocoDetection& one : ordered) results.push_back({one.image, one.category, one.box, one.score});
    data::WriteCocoResults(results_file_, results);
  }
  scores_ = ScoreCocoBoxes(truths_.boxes, ordered, at::get_num_threads());
  return *scores_;
}

MetricValues DetectionMetric::Values() const {
  MetricValues values;
  const CocoScores& scores = Scores();
  for (size_t i = 0; i < kCocoStatNames.size(); ++i) values.emplace_back(kCocoStatNames[i], scores.stats[i]);
  return values;
}

base::Json DetectionMetric::Particulars() const { return CocoScoresJson(Scores(), truths_.class_names); }

}  // namespace deepmad::train
