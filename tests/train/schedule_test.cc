#include "train/schedule.h"

#include <gtest/gtest.h>

#include <cmath>

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
  EXPECT_DOUBLE_EQ(schedule.Lr(99), 0.001 + 0.999 * 0.25);
  EXPECT_DOUBLE_EQ(schedule.Lr(199), 0.001);
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
