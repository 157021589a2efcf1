#include "train/tasks/detection/dense_targets.h"

#include <ATen/Parallel.h>
#include <ATen/ops/tensor.h>

#include <algorithm>

#include "data/inputs/sample_preparation.h"
#include "models/device/pinned_copy.h"
#include "train/targets/atss.h"

namespace deepmad::train {
namespace {

// Of one picture.
struct PictureTargets {
  std::vector<int32_t> boxes;  // [cells] place of a box, kBackground or kNoLoss
  std::vector<float> distances, centreness;
};

std::vector<TargetBox> TargetsOf(const data::InputBoxes& picture) {
  std::vector<TargetBox> boxes;
  for (const data::LabelledBox& box : picture.boxes) boxes.push_back({box.left, box.top, box.right, box.bottom, box.label});
  return boxes;
}

// The side of an image by itself, padded to a multiple of 32 before it is padded to its batch (docs/protocols/detection.md, section 5).
int PaddedSide(int side) { return (side + data::kPaddedSides - 1) / data::kPaddedSides * data::kPaddedSides; }

// [cells, 4] in strides, from the anchors' centres; zeros where there is no box.
std::vector<float> AnchorDistances(const std::vector<GridLevel>& levels, const std::vector<int32_t>& assigned,
                                   const std::vector<TargetBox>& boxes) {
  std::vector<float> distances(4 * assigned.size());
  size_t cell = 0;
  for (const GridLevel& level : levels) {
    for (int row = 0; row < level.rows; ++row) {
      for (int column = 0; column < level.columns; ++column, ++cell) {
        if (assigned[cell] < 0) continue;
        const TargetBox& box = boxes[static_cast<size_t>(assigned[cell])];
        const double x = column * level.stride, y = row * level.stride;
        const std::array<double, 4> sides = {x - box.left, y - box.top, box.right - x, box.bottom - y};
        for (size_t i = 0; i < 4; ++i) distances[4 * cell + i] = static_cast<float>(sides[i] / level.stride);
      }
    }
  }
  return distances;
}

template <typename Assign>
CellTargets Collect(const std::vector<data::InputBoxes>& pictures, int64_t classes, const at::TensorOptions& options,
                    const Assign& assign) {
  std::vector<PictureTargets> found(pictures.size());
  at::parallel_for(0, static_cast<int64_t>(pictures.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) found[static_cast<size_t>(i)] = assign(pictures[static_cast<size_t>(i)]);
  });
  std::vector<int64_t> labels, counted, positives;
  std::vector<float> distances, centreness;
  CellTargets targets;
  for (size_t i = 0; i < pictures.size(); ++i) {
    const PictureTargets& picture = found[i];
    const size_t before = positives.size();
    for (size_t cell = 0; cell < picture.boxes.size(); ++cell) {
      const int32_t box = picture.boxes[cell];
      const auto place = static_cast<int64_t>(labels.size());
      labels.push_back(box < 0 ? classes : pictures[i].boxes[static_cast<size_t>(box)].label);
      if (box != kNoLoss) counted.push_back(place);
      if (box < 0) continue;
      positives.push_back(place);
      distances.insert(distances.end(), picture.distances.begin() + static_cast<std::ptrdiff_t>(4 * cell),
                       picture.distances.begin() + static_cast<std::ptrdiff_t>(4 * cell + 4));
      if (!picture.centreness.empty()) centreness.push_back(picture.centreness[cell]);
    }
    targets.pictures_or_positives += static_cast<double>(std::max<size_t>(positives.size() - before, 1));
  }
  const auto to_device = [&](const at::Tensor& values) { return models::CopyToDevice(values, options.device()); };
  if (counted.size() < labels.size()) targets.counted = to_device(at::tensor(counted, at::kLong));
  targets.labels = to_device(at::tensor(labels, at::kLong));
  targets.positives = to_device(at::tensor(positives, at::kLong));
  targets.distances = to_device(at::tensor(distances, at::kFloat).view({-1, 4})).to(options);
  if (centreness.size() == positives.size()) targets.centreness = to_device(at::tensor(centreness, at::kFloat)).to(options);
  return targets;
}

}  // namespace

CellTargets FcosCellTargets(const std::vector<GridLevel>& levels, const std::vector<data::InputBoxes>& pictures, int64_t classes,
                            const FcosRule& rule, const at::TensorOptions& options) {
  return Collect(pictures, classes, options, [&](const data::InputBoxes& picture) {
    FcosTargets targets = AssignFcos(levels, TargetsOf(picture), rule);
    return PictureTargets{std::move(targets.boxes), std::move(targets.distances), std::move(targets.centreness)};
  });
}

CellTargets AtssCellTargets(const std::vector<GridLevel>& levels, const std::vector<data::InputBoxes>& pictures, int64_t classes,
                            const at::TensorOptions& options) {
  return Collect(pictures, classes, options, [&](const data::InputBoxes& picture) {
    const std::vector<TargetBox> boxes = TargetsOf(picture);
    PictureTargets targets;
    targets.boxes = AssignAtss(levels, boxes, PaddedSide(picture.height), PaddedSide(picture.width));
    targets.distances = AnchorDistances(levels, targets.boxes, boxes);
    return targets;
  });
}

}  // namespace deepmad::train
