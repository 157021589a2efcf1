#include "train/tasks/detection/detector_loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/Reduction.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/log.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

#include <stdexcept>

#include "models/heads/fcos.h"
#include "models/heads/gflv2.h"
#include "train/tasks/detection/dense_targets.h"
#include "train/tasks/detection/detection_losses.h"

namespace deepmad::train {
namespace {

// Maps as rows, one a cell, in the order of CellTargets.
struct CellMaps {
  at::Tensor classes;    // [cells, K]
  at::Tensor quality;    // [cells]
  at::Tensor distances;  // [cells, 4]
  at::Tensor bins;       // [cells, 68], or undefined
};

at::Tensor Rows(const std::vector<models::DetectionMaps>& levels, at::Tensor models::DetectionMaps::*map) {
  std::vector<at::Tensor> parts;
  for (const models::DetectionMaps& level : levels) parts.push_back((level.*map).flatten(2).transpose(1, 2));  // [N, cells, .]
  return at::cat(parts, 1).flatten(0, 1);
}

CellMaps RowsOf(const std::vector<models::DetectionMaps>& levels) {
  using Maps = models::DetectionMaps;
  return {Rows(levels, &Maps::classes), Rows(levels, &Maps::quality).squeeze(1), Rows(levels, &Maps::distances),
          levels.front().bins.defined() ? Rows(levels, &Maps::bins) : at::Tensor()};
}

std::vector<GridLevel> GridOf(const std::vector<models::DetectionMaps>& levels) {
  std::vector<GridLevel> grid;
  for (size_t i = 0; i < levels.size(); ++i) {
    grid.push_back(
        {models::FeaturePyramid::kStrides[i], static_cast<int>(levels[i].classes.size(2)), static_cast<int>(levels[i].classes.size(3))});
  }
  return grid;
}

// Corners around the point from which the distances count.
at::Tensor Corners(const at::Tensor& distances) { return at::cat({-distances.slice(1, 0, 2), distances.slice(1, 2, 4)}, 1); }

// `totals` [n] of this process.
at::Tensor MeanOverRanks(at::Tensor totals, const models::ProcessGroup* group) {
  if (group == nullptr) return totals;
  group->Sum(totals);
  return totals / group->size();
}

class FcosLoss : public DetectorLoss {
 public:
  FcosLoss(bool plain, int64_t classes) : plain_(plain), classes_(classes) {}

  DetectorLossParts Parts(const std::vector<models::DetectionMaps>& levels, const std::vector<data::InputBoxes>& pictures,
                          const models::ProcessGroup* group) const override {
    const CellMaps maps = RowsOf(levels);
    const FcosRule rule{.centre_sampling = !plain_, .in_strides = !plain_};
    const CellTargets targets = FcosCellTargets(GridOf(levels), pictures, classes_, rule, maps.classes.options());
    const at::Tensor& weights = targets.centreness;
    const at::Tensor count = at::scalar_tensor(static_cast<double>(targets.positives.numel()), weights.options());
    const at::Tensor means = MeanOverRanks(at::stack({count, weights.sum()}), group);
    const at::Tensor positives = means[0].clamp_min(1);

    const at::Tensor boxes = Corners(maps.distances.index_select(0, targets.positives)), wanted = Corners(targets.distances);
    const at::Tensor each = plain_ ? -at::log(BoxIou(boxes, wanted).clamp_min(1e-6)) : 1 - GeneralisedIou(boxes, wanted);
    const at::Tensor centreness =
        at::binary_cross_entropy_with_logits(maps.quality.index_select(0, targets.positives), weights, {}, {}, at::Reduction::Sum);
    return {SigmoidFocalSum(maps.classes, targets.labels) / positives, (weights * each).sum() / means[1].clamp_min(1e-6),
            centreness / positives};
  }

 private:
  bool plain_;
  int64_t classes_;
};

class GflLoss : public DetectorLoss {
 public:
  GflLoss(const DetectorLossOptions& options, int64_t classes) : options_(options), classes_(classes) {}

  DetectorLossParts Parts(const std::vector<models::DetectionMaps>& levels, const std::vector<data::InputBoxes>& pictures,
                          const models::ProcessGroup* group) const override {
    const CellMaps maps = RowsOf(levels);
    const CellTargets targets = AtssCellTargets(GridOf(levels), pictures, classes_, maps.classes.options());
    const at::Tensor joint = maps.classes.sigmoid() * maps.quality.sigmoid().unsqueeze(1);
    const at::Tensor boxes = Corners(maps.distances.index_select(0, targets.positives)), wanted = Corners(targets.distances);
    const at::Tensor weights = joint.detach().index_select(0, targets.positives).amax(1);
    const at::Tensor count = at::scalar_tensor(targets.pictures_or_positives, weights.options());
    const at::Tensor means = MeanOverRanks(at::stack({count, weights.sum()}), group);
    const at::Tensor divisor = means[1].clamp_min(options_.least_weight);

    const at::Tensor overlap = at::zeros({joint.size(0)}, joint.options()).index_put({targets.positives}, BoxIou(boxes.detach(), wanted));
    const auto counted = [&](const at::Tensor& rows) { return targets.counted.defined() ? rows.index_select(0, targets.counted) : rows; };
    const at::Tensor quality_focal = QualityFocalSum(counted(joint), counted(targets.labels), counted(overlap));

    const at::Tensor sides = maps.bins.index_select(0, targets.positives).reshape({-1, models::GflHead::kBins});
    const at::Tensor distribution = DistributionFocal(sides, targets.distances.reshape({-1})) * weights.repeat_interleave(4);
    return {quality_focal / means[0].clamp_min(1), kBoxWeight * (weights * (1 - GeneralisedIou(boxes, wanted))).sum() / divisor,
            kDistributionWeight / 4 * distribution.sum() / divisor};
  }

 private:
  static constexpr double kBoxWeight = 2, kDistributionWeight = 0.25;

  DetectorLossOptions options_;
  int64_t classes_;
};

}  // namespace

std::unique_ptr<DetectorLoss> NewDetectorLoss(const models::DetectionHead& head, const DetectorLossOptions& options) {
  if (const auto* fcos = dynamic_cast<const models::FcosHead*>(&head)) return std::make_unique<FcosLoss>(fcos->plain(), head.classes());
  if (dynamic_cast<const models::GflHead*>(&head) != nullptr) return std::make_unique<GflLoss>(options, head.classes());
  throw std::logic_error("a detection head without a loss");
}

}  // namespace deepmad::train
