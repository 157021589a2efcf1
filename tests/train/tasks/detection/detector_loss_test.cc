// Losses of detectors on batches: pictures without objects, cells outside, several processes.
#include "train/tasks/detection/detector_loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>
#include <torch/nn/module.h>

#include "models/layers/batch_norm.h"
#include "tests/models/rank_threads.h"
#include "train/tasks/detection/dense_targets.h"

namespace deepmad::train {
namespace {

constexpr int kClasses = 4;

struct Detector {
  explicit Detector(const std::string& type) {
    mad::HeadSpec spec;
    spec.type = type;
    spec.classes = kClasses;
    spec.channels = 32;
    made = models::HeadRegistry::Get().Create(type, spec, {{0, 4, 8}, {1, 4, 16}, {2, 4, 32}}, root, norms);
  }
  const models::DetectionHead& head() const { return dynamic_cast<const models::DetectionHead&>(*made); }
  torch::nn::Module root{"root"};
  models::BatchNorms norms;
  std::unique_ptr<models::Head> made;
};

// Of pictures in 64 x 96; bins only for GFLv2.
std::vector<models::DetectionMaps> Maps(bool bins, int64_t images) {
  std::vector<models::DetectionMaps> maps;
  for (const auto& [rows, columns] : {std::pair{8, 12}, {4, 6}, {2, 3}, {1, 2}, {1, 1}}) {
    const auto leaf = [&, r = rows, c = columns](int64_t channels) { return at::randn({images, channels, r, c}, at::kDouble); };
    maps.push_back({leaf(kClasses).requires_grad_(), leaf(1).requires_grad_(), (leaf(4).abs() + 0.5).requires_grad_(),
                    bins ? leaf(68).requires_grad_() : at::Tensor()});
  }
  return maps;
}

std::vector<models::DetectionMaps> Part(const std::vector<models::DetectionMaps>& all, int64_t first, int64_t images) {
  std::vector<models::DetectionMaps> part;
  for (const models::DetectionMaps& level : all) {
    const auto slice = [&](const at::Tensor& map) {
      return map.defined() ? map.detach().narrow(0, first, images).clone().requires_grad_() : map;
    };
    part.push_back({slice(level.classes), slice(level.quality), slice(level.distances), slice(level.bins)});
  }
  return part;
}

data::InputBoxes Picture(std::vector<data::LabelledBox> boxes, int height = 64, int width = 96) {
  return {1, height, width, 1, 1, std::move(boxes)};
}

const std::vector<data::InputBoxes> kPictures = {Picture({{4, 4, 40, 60, 0}, {30, 10, 90, 50, 1}}), Picture({}),
                                                 Picture({{8, 8, 20, 24, 3}}), Picture({{0, 0, 31, 31, 2}, {2, 30, 33, 58, 2}}, 60, 40)};

TEST(DetectorLoss, OfPicturesWithoutObjectsHasGradientsEverywhere) {
  for (const char* type : {"fcos", "fcos_plain", "gflv2"}) {
    SCOPED_TRACE(type);
    const Detector detector(type);
    const bool gfl = std::string(type) == "gflv2";
    const std::vector<models::DetectionMaps> maps = Maps(gfl, 2);
    const DetectorLossParts parts = NewDetectorLoss(detector.head())->Parts(maps, {Picture({}), Picture({})}, nullptr);
    EXPECT_GT(parts.classes.item<double>(), 0);
    EXPECT_EQ(parts.boxes.item<double>(), 0);
    EXPECT_EQ(parts.quality.item<double>(), 0);
    parts.Sum().backward();
    for (const models::DetectionMaps& level : maps) {
      EXPECT_GT(level.classes.grad().abs().sum().item<double>(), 0);
      EXPECT_EQ(level.distances.grad().abs().sum().item<double>(), 0);
      EXPECT_TRUE(level.quality.grad().isfinite().all().item<bool>());
      if (gfl) {
        EXPECT_EQ(level.bins.grad().abs().sum().item<double>(), 0);
      }
    }
  }
}

TEST(DetectorLoss, OfSeveralProcessesIsInTheMeanThatOfOne) {
  for (const char* type : {"fcos", "fcos_plain", "gflv2"}) {
    SCOPED_TRACE(type);
    const Detector detector(type);
    const auto loss = NewDetectorLoss(detector.head());
    const std::vector<models::DetectionMaps> all = Maps(std::string(type) == "gflv2", 4);
    const at::Tensor whole = loss->Parts(all, kPictures, nullptr).Sum();
    whole.backward();

    models::RankThreads ranks(2);
    std::vector<double> losses(2);
    std::vector<at::Tensor> gradients(2);
    ranks.Run([&](const models::ProcessGroup& group) {
      const auto rank = static_cast<size_t>(group.rank());
      const std::vector<models::DetectionMaps> own = Part(all, 2 * group.rank(), 2);
      const at::Tensor part =
          loss->Parts(own, {kPictures.begin() + 2 * group.rank(), kPictures.begin() + 2 * group.rank() + 2}, &group).Sum();
      part.backward();
      losses[rank] = part.item<double>();
      gradients[rank] = own[0].distances.grad();
    });
    EXPECT_NEAR((losses[0] + losses[1]) / 2, whole.item<double>(), 1e-12 * whole.item<double>());
    EXPECT_LT((at::cat(gradients) / 2 - all[0].distances.grad()).abs().max().item<double>(), 1e-15);
  }
}

TEST(CellTargets, LeaveOutTheCellsOutsideAPicture) {
  const std::vector<GridLevel> grid = PyramidGrid(64, 96, {8, 16, 32, 64, 128});
  const CellTargets targets = AtssCellTargets(grid, kPictures, kClasses, at::kDouble);
  const int64_t cells = CellCount(grid);
  EXPECT_EQ(targets.labels.size(0), 4 * cells);
  // The last picture, 60 x 40, is 64 x 64 with its own padding: it has 8 of 12 columns of the first level, 4 of 6, 2 of 3 and 1 of 2.
  EXPECT_EQ(targets.counted.size(0), 4 * cells - (8 * 4 + 4 * 2 + 2 * 1 + 1));
  EXPECT_GT(targets.positives.size(0), 5);
  const at::Tensor labels = targets.labels.index_select(0, targets.positives);
  EXPECT_LT(labels.max().item<int64_t>(), kClasses);
  EXPECT_EQ(targets.labels.eq(kClasses).sum().item<int64_t>(), 4 * cells - targets.positives.size(0));
  EXPECT_GE(targets.distances.min().item<double>(), 0);
  EXPECT_EQ(FcosCellTargets(grid, kPictures, kClasses, {}, at::kDouble).counted.defined(), false) << "FCOS has a loss on the padding too";
}

TEST(DetectorLoss, AFloorOfTheWeightsWeakensTheFirstUpdates) {
  const Detector detector("gflv2");
  const std::vector<models::DetectionMaps> maps = Maps(true, 1);
  std::vector<models::DetectionMaps> unsure = Part(maps, 0, 1);
  for (models::DetectionMaps& level : unsure) level.classes = at::full_like(level.classes, -6.0).requires_grad_();
  const std::vector<data::InputBoxes> pictures = {kPictures[0]};
  const double plain = NewDetectorLoss(detector.head())->Parts(unsure, pictures, nullptr).boxes.item<double>();
  const double floored = NewDetectorLoss(detector.head(), {.least_weight = 1})->Parts(unsure, pictures, nullptr).boxes.item<double>();
  EXPECT_GT(plain, 0.2);
  EXPECT_LT(floored, 0.2 * plain);
}

}  // namespace
}  // namespace deepmad::train
