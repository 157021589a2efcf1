#include "train/loop/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>
#include <vector>

#include "base/error.h"
#include "tests/train/golden.h"

namespace deepmad::train {
namespace {

Schedule FromYaml(const std::string& yaml, double lr, int64_t samples, int64_t epochs) {
  return Schedule(ReadSchedule(base::Config::FromText(yaml)), lr, samples, epochs);
}

TEST(Schedule, WarmupAndCosineGiveThePublishedValues) {
  const nlohmann::json golden = Golden("training.json");
  for (const auto& fact : golden["cosine_by_samples"]) {
    ScheduleOptions options;
    options.warmup_epochs = fact["warmup_epochs"];
    options.final_lr = fact["lr_min"];
    const Schedule schedule(options, fact["lr"], fact["N"], fact["epochs"]);
    for (const auto& at : fact["at"]) {
      const double expected = at[1];
      EXPECT_NEAR(schedule.Lr(at[0]), expected, 1e-12 * std::abs(expected) + 1e-17) << "n = " << at[0];
    }
  }
}

TEST(Schedule, ConstantStaysAfterTheWarmup) {
  const Schedule schedule = FromYaml("{name: constant, warmup_epochs: 1}", 0.4, 100, 4);
  EXPECT_DOUBLE_EQ(schedule.Lr(0), 0.004);
  EXPECT_DOUBLE_EQ(schedule.Lr(100), 0.4);
  EXPECT_DOUBLE_EQ(schedule.Lr(399), 0.4);
}

TEST(Schedule, MultiStepDropsAtEachMilestone) {
  const Schedule schedule = FromYaml("{name: multi_step, milestones: [2, 3], gamma: 0.1}", 1, 100, 4);
  EXPECT_DOUBLE_EQ(schedule.Lr(199), 1);
  EXPECT_DOUBLE_EQ(schedule.Lr(200), 0.1);
  EXPECT_NEAR(schedule.Lr(300), 0.01, 1e-15);
}

TEST(Schedule, PolyEndsAtTheFinalRate) {
  const Schedule schedule = FromYaml("{name: poly, final_lr: 0.001, power: 2}", 1, 100, 2);
  EXPECT_DOUBLE_EQ(schedule.Lr(0), 1);
  EXPECT_DOUBLE_EQ(schedule.Lr(100), 0.001 + 0.999 * 0.25);
  EXPECT_DOUBLE_EQ(schedule.Lr(200), 0.001);
}

// Published learning rates, by the number of updates before (docs/protocols/segmentation.md, section 5, and
// docs/protocols/detection.md, section 7).
struct ByStep {
  const char* yaml;
  double lr;
  int64_t steps;
  std::vector<std::pair<int64_t, double>> at;
};

TEST(Schedule, CountedInUpdatesGivesThePublishedValues) {
  const std::vector<ByStep> cases = {{"{name: poly, power: 0.9, final_lr: 1.0e-4}",
                                      0.01,
                                      160'000,
                                      {{0, 0.01},
                                       {1, 0.009999944312482597},
                                       {40'000, 0.0077417061165633485},
                                       {80'000, 0.005405278639554652},
                                       {159'999, 0.00010020508184232249}}},
                                     {"{name: poly, power: 1, warmup_steps: 1500, warmup_factor: 1.0e-6}",
                                      6e-5,
                                      160'000,
                                      {{0, 6e-11},
                                       {1, 4.005970962525e-08},
                                       {750, 2.9859404859375002e-05},
                                       {1499, 5.9398249789625246e-05},
                                       {1500, 5.94375e-05},
                                       {1501, 5.9437125e-05},
                                       {80'000, 3e-05},
                                       {159'999, 3.7499999999912603e-10}}},
                                     {"{name: multi_step, milestones: [8, 11], warmup_steps: 500, warmup_factor: 0.001}",
                                      0.01,
                                      88'000,
                                      {{0, 1e-05}, {1, 2.9980000000000004e-05}, {250, 0.005005}, {499, 0.00998002}}},
                                     {"{name: constant, warmup_steps: 500, warmup_factor: 0.3333333333333333, warmup_shape: constant}",
                                      0.01,
                                      88'000,
                                      {{0, 0.0033333333333333335}, {499, 0.0033333333333333335}, {500, 0.01}}},
                                     {"{name: constant, warmup_steps: 500, warmup_factor: 0.3333333333333333}",
                                      0.01,
                                      88'000,
                                      {{0, 0.0033333333333333335}, {250, 0.006666666666666666}, {499, 0.009986666666666666}, {500, 0.01}}}};
  constexpr int64_t kBatch = 16, kEpochs = 20;
  for (const ByStep& each : cases) {
    const Schedule schedule(ReadSchedule(base::Config::FromText(each.yaml)), each.lr, each.steps / kEpochs * kBatch, kEpochs, kBatch);
    for (const auto& [step, lr] : each.at) EXPECT_NEAR(schedule.Lr(step * kBatch), lr, 1e-12 * lr) << each.yaml << " at " << step;
  }
}

TEST(Schedule, AWarmupByEpochsAndByStepsIsRefused) {
  EXPECT_THROW(ReadSchedule(base::Config::FromText("{warmup_epochs: 1, warmup_steps: 10}")), base::Error);
}

TEST(Schedule, HalfCosineOfVideosGivesThePublishedValues) {
  ScheduleOptions options = ReadSchedule(base::Config::FromText("{name: half_cosine, warmup_epochs: 34}"));
  const Schedule schedule(options, 0.1, 1000, 196);
  for (const auto& at : Golden("video.json")["slow_k400_lr"]) {
    const double expected = at[1];
    EXPECT_NEAR(schedule.Lr(std::llround(at[0].get<double>() * 1000)), expected, 1e-12) << "epoch " << at[0];
  }
}

TEST(Schedule, FallsAsInPython) {
  const nlohmann::json reference = Golden("training_reference.json")["schedules"];
  for (const auto& fact : reference["cases"]) {
    ScheduleOptions options;
    options.name = fact["name"];
    options.warmup_epochs = reference["warmup"];
    options.final_lr = reference["final"];
    options.milestones = reference["milestones"].get<std::vector<double>>();
    const Schedule schedule(options, reference["lr"], reference["samples"], reference["epochs"]);
    for (const auto& at : fact["values"]) EXPECT_NEAR(schedule.Lr(at[0]), at[1].get<double>(), 1e-12) << options.name << " " << at[0];
  }
}

TEST(Schedule, AWarmupAsLongAsTheRunIsRefused) { EXPECT_THROW(FromYaml("{warmup_epochs: 3}", 0.1, 100, 3), base::Error); }

TEST(Schedule, AnUnknownNameIsRefused) { EXPECT_THROW(ReadSchedule(base::Config::FromText("{name: cosin}")), base::Error); }

}  // namespace
}  // namespace deepmad::train
