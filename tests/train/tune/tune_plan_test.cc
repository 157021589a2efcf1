#include "train/tune/tune_plan.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/train/tune/small_tuning.h"

namespace deepmad::train {
namespace {

TEST(TunePlan, ReadsVariantsBoundsShapesAndRates) {
  const TunePlan plan = ReadTunePlan(SmallTuning());
  EXPECT_EQ(plan.name, "small");
  EXPECT_EQ(plan.seed, 5);
  EXPECT_EQ(plan.metric, "top1");
  EXPECT_EQ(plan.bounds, (std::vector<std::string>{"0.1", "0.2", "none"}));
  ASSERT_EQ(plan.variants.size(), 3U);
  EXPECT_TRUE(plan.variants[0].changes.empty());
  EXPECT_EQ(plan.variants[1].changes, (std::vector<std::string>{"stages.0.type=basic", "stages.1.type=basic"}))
      << "one type for all stages";
  EXPECT_EQ(plan.hand_made, (std::vector<std::string>{"resnet", "mobilenet_v2"}));
  EXPECT_EQ(plan.rate_key, "train.optimizer.lr_per_256");
  EXPECT_EQ(plan.rates, (std::vector<std::string>{"0.1", "0.2"}));
  EXPECT_EQ(plan.seeds, 3);
}

TEST(TunePlan, ComparesAllHandMadeShapesWithTheProblemAsItIsUnlessTold) {
  const TunePlan plan = ReadTunePlan(SmallTuning({"candidates={learning_rate: {values: [0.1]}}"}));
  ASSERT_EQ(plan.variants.size(), 1U);
  EXPECT_EQ(plan.variants[0].name, "design");
  EXPECT_TRUE(plan.bounds.empty());
  EXPECT_EQ(plan.hand_made, (std::vector<std::string>{"convnext", "mobilenet_v2", "regnet", "resnet"}));
}

TEST(TunePlan, WhatIsWrongIsNamed) {
  const auto refuse = [](const std::string& override_, const std::string& words) {
    try {
      ReadTunePlan(SmallTuning({override_}));
      FAIL() << override_;
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
      EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
    }
  };
  refuse("version=2", "only version 1");
  refuse("metric=loss_ema", "the larger score");
  refuse("candidates.variants=[{name: a}, {name: a}]", "two variants are called 'a'");
  refuse("candidates.variants=[{name: a/b}]", "'a/b' cannot be part of a folder's name");
  refuse("candidates.hand_made=[resnett]", "resnet");
  refuse("candidates.hand_made=[resnet, resnet]", "named twice");
  refuse("candidates.learning_rate.values=[]", "no learning rates to try");
  refuse("candidates.learning_rate.values=[fast]", "'fast' is no learning rate");
  refuse("candidates.learning_rate.values=[0.1, 0.1]", "named twice");
  refuse("tune.seeds=11", "11");
  refuse("tune.cost=1", "1.1");
}

}  // namespace
}  // namespace deepmad::train
