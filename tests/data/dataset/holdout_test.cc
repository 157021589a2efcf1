#include "data/dataset/holdout.h"

#include <gtest/gtest.h>

#include <set>

#include "data/inputs/open_datasets.h"
#include "tests/data/numbered_dataset.h"

namespace deepmad::data {
namespace {

// Sample i has label i % 10.
std::unique_ptr<Dataset> Part(HoldoutPart part) { return HoldOut(std::make_unique<NumberedDataset>(70), 2, part); }

std::vector<std::string> Sources(const Dataset& dataset) {
  std::vector<std::string> sources;
  for (int64_t i = 0; i < dataset.size(); ++i) {
    sources.push_back(dataset.source(i));
    EXPECT_EQ(dataset.Get(i).source, sources.back());
    EXPECT_EQ(dataset.Get(i).label, dataset.label(i));
  }
  return sources;
}

TEST(HoldOut, TakesTheLastOfEachClassAndKeepsTheOrderOfTheOthers) {
  const std::vector<std::string> kept = Sources(*Part(HoldoutPart::kKept)), held_out = Sources(*Part(HoldoutPart::kHeldOut));
  ASSERT_EQ(kept.size(), 50U);
  for (size_t i = 0; i < kept.size(); ++i) EXPECT_EQ(kept[i], "number#" + std::to_string(i));
  ASSERT_EQ(held_out.size(), 20U);
  EXPECT_EQ(std::set(held_out.begin(), held_out.end()).count("number#50"), 1U);
  EXPECT_EQ(std::set(held_out.begin(), held_out.end()).count("number#69"), 1U);
}

TEST(HoldOut, GoesThroughTheClassesInTurn) {
  for (const HoldoutPart part : {HoldoutPart::kHeldOut, HoldoutPart::kLastKept}) {
    const auto dataset = Part(part);
    ASSERT_EQ(dataset->size(), 20);
    for (int64_t i = 0; i < 20; ++i) EXPECT_EQ(dataset->label(i), i % 10);
  }
}

TEST(HoldOut, TheLastKeptAreTrainedOn) {
  const std::vector<std::string> kept = Sources(*Part(HoldoutPart::kKept)), last = Sources(*Part(HoldoutPart::kLastKept));
  EXPECT_EQ(std::set(last.begin(), last.end()), std::set(kept.begin() + 30, kept.end()));
}

TEST(HoldOut, RefusesMoreThanHalfOfAClass) {
  EXPECT_NO_THROW(HoldOut(std::make_unique<NumberedDataset>(70), 3, HoldoutPart::kKept));
  try {
    HoldOut(std::make_unique<NumberedDataset>(70), 4, HoldoutPart::kKept);
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
    EXPECT_NE(std::string(error.what()).find("class 'digit' has 7 training samples"), std::string::npos) << error.what();
  }
}

TEST(HoldOut, IsReadFromTheDataSection) {
  const auto open = [](const std::string& holdout, bool with_train) {
    return OpenDatasets(
        base::Config::FromText("{name: synthetic, image_size: 8, classes: 4, samples: 64, validation_samples: 12" + holdout + "}"),
        with_train);
  };
  const Datasets plain = open("", true), held = open(", holdout: {per_class: 5}", true);
  EXPECT_EQ(plain.train->size(), 64);
  EXPECT_EQ(plain.validation->source(0), "synthetic val#0");
  EXPECT_EQ(held.train->size(), 44);
  EXPECT_EQ(held.validation->size(), 20);
  EXPECT_EQ(held.validation->source(0), "synthetic train#44");
  EXPECT_NE(held.protocol.find("held out"), std::string::npos);
  const Datasets kept = open(", holdout: {per_class: 5, score: kept}", false);
  EXPECT_EQ(kept.train, nullptr);
  EXPECT_EQ(kept.validation->source(0), "synthetic train#24");
  EXPECT_EQ(open(", holdout: null", true).train->size(), 64);
}

}  // namespace
}  // namespace deepmad::data
