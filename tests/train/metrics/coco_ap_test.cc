#include "train/metrics/coco_ap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/random.h"
#include "tests/places.h"
#include "tests/train/metrics/coco_cases.h"

namespace deepmad::train {
namespace {

// Cases of the vectors of the metric's definition, and small random ones with what pycocotools says of them.
TEST(CocoAp, EqualsTheGoldenCases) {
  const std::vector<CocoCase> cases = ReadCocoCases(GoldenFolder() + "/coco_metric.json");
  ASSERT_EQ(cases.size(), 19u);
  for (const CocoCase& c : cases) ExpectCaseHolds(c, 1);
}

TEST(CocoAp, DoesNotDependOnTheNumberOfThreads) {
  for (const CocoCase& c : ReadCocoCases(GoldenFolder() + "/coco_metric.json")) {
    const CocoScores one = ScoreCocoBoxes(c.truths, c.detections, 1), many = ScoreCocoBoxes(c.truths, c.detections, 7);
    EXPECT_EQ(one.stats, many.stats) << c.name;
    EXPECT_EQ(one.precision, many.precision) << c.name;
  }
}

// Objects of 3 classes in 20 images, no two of an image and class overlapping.
CocoTruths ApartObjects() {
  CocoTruths truths;
  base::Random random(3, base::RandomPurpose::kSynthetic);
  for (int64_t image = 0; image < 20; ++image) truths.images.push_back(image);
  truths.categories = {0, 5, 9};
  for (const int64_t image : truths.images) {
    for (int i = 0; i < 6; ++i) {
      const double side = random.Uniform(10, 150);
      truths.boxes.push_back({image, truths.categories[i % 3], {200.0 * i, 0, side, side}, side * side, false});
    }
  }
  return truths;
}

std::vector<CocoDetection> AsDetections(const CocoTruths& truths, double score) {
  std::vector<CocoDetection> detections;
  for (const CocoTruth& truth : truths.boxes) detections.push_back({truth.image, truth.category, truth.box, score});
  return detections;
}

TEST(CocoAp, ObjectsGivenAsDetectionsAreAllFound) {
  const CocoTruths truths = ApartObjects();
  const CocoScores scores = ScoreCocoBoxes(truths, AsDetections(truths, 0.5), 2);
  for (size_t s = 0; s < 12; ++s) {  // with one detection for the two objects of a class in each image, half of them
    EXPECT_NEAR(scores.stats[s], s == 6 ? 0.5 : 1, 1e-12) << kCocoStatNames[s];
  }
  for (const auto& row : scores.precision) EXPECT_NEAR(*std::min_element(row.begin(), row.end()), 1, 1e-12);
  for (const CocoClassScores& one : scores.classes) EXPECT_EQ(std::tuple(one.truths, one.detections), std::tuple(40, 40));
}

TEST(CocoAp, NoDetectionsGiveZeroAndNoObjectsGiveMinusOne) {
  CocoTruths truths = ApartObjects();
  const CocoScores none_found = ScoreCocoBoxes(truths, {}, 1);
  for (const double value : none_found.stats) EXPECT_EQ(value, 0);
  const std::vector<CocoDetection> detections = AsDetections(truths, 1);
  truths.boxes.clear();
  const CocoScores nothing_there = ScoreCocoBoxes(truths, detections, 1);
  for (const double value : nothing_there.stats) EXPECT_EQ(value, -1);
  EXPECT_EQ(nothing_there.precision[0][0], -1);
  EXPECT_EQ(ScoreCocoBoxes({}, {}, 1).stats[0], -1);
}

TEST(CocoAp, AClassWithoutObjectsIsLeftOutOfTheMean) {
  CocoTruths truths = ApartObjects();
  truths.categories.push_back(77);
  std::vector<CocoDetection> detections = AsDetections(truths, 1);
  detections.push_back({0, 77, {1, 1, 5, 5}, 0.9});
  const CocoScores scores = ScoreCocoBoxes(truths, detections, 1);
  EXPECT_NEAR(scores.stats[0], 1, 1e-12);
  EXPECT_EQ(scores.classes[3].stats[0], -1);
  EXPECT_EQ(scores.classes[3].detections, 1);
}

// A wrong detection with a lower score than any other can only cost precision where recall is already complete; with a higher one it costs
// everywhere.
TEST(CocoAp, AWrongDetectionCostsMoreTheHigherItsScore) {
  const CocoTruths truths = ApartObjects();
  const auto with = [&](double score) {
    std::vector<CocoDetection> detections = AsDetections(truths, 0.5);
    for (const int64_t category : truths.categories) detections.push_back({3, category, {5000, 5000, 40, 40}, score});
    return ScoreCocoBoxes(truths, detections, 1).stats[0];
  };
  EXPECT_NEAR(with(0.1), 1, 1e-12);
  EXPECT_NEAR(with(0.9), 40.0 / 41, 1e-12);
}

TEST(CocoAp, ACrowdTakesAnyNumberOfDetectionsAndCountsNone) {
  CocoTruths truths = ApartObjects();
  truths.boxes.push_back({4, 5, {0, 1000, 400, 400}, 160000, true});
  std::vector<CocoDetection> detections = AsDetections(ApartObjects(), 0.5);
  for (int i = 0; i < 30; ++i) detections.push_back({4, 5, {10.0 * i, 1010, 20, 20}, 0.9});
  EXPECT_NEAR(ScoreCocoBoxes(truths, detections, 1).stats[0], 1, 1e-12);
}

TEST(CocoAp, OfAnImageOnlyTheHundredBestAreScored) {
  CocoTruths truths{{1}, {1}, {{1, 1, {0, 0, 50, 50}, 2500, false}}};
  std::vector<CocoDetection> detections;
  for (int i = 0; i < 100; ++i) detections.push_back({1, 1, {500, 500, 10, 10}, 0.9});
  detections.push_back({1, 1, {0, 0, 50, 50}, 0.8});
  EXPECT_EQ(ScoreCocoBoxes(truths, detections, 1).stats[0], 0);
  detections.back().score = 0.95;
  EXPECT_NEAR(ScoreCocoBoxes(truths, detections, 1).stats[0], 1, 1e-12);
}

TEST(CocoAp, DetectionsOfOtherCategoriesAreCountedAndLeftOut) {
  const CocoTruths truths = ApartObjects();
  std::vector<CocoDetection> detections = AsDetections(truths, 1);
  detections.push_back({0, 1234, {0, 0, 1, 1}, 2});
  const CocoScores scores = ScoreCocoBoxes(truths, detections, 1);
  EXPECT_EQ(scores.other_detections, 1);
  EXPECT_NEAR(scores.stats[0], 1, 1e-12);
}

TEST(CocoAp, ScoresKeepNothingButTheirOrder) {
  for (CocoCase& c : ReadCocoCases(GoldenFolder() + "/coco_metric.json")) {
    for (CocoDetection& detection : c.detections) detection.score = detection.score * 0.25 - 3;  // exact: ties stay ties
    ExpectCaseHolds(c, 1);
  }
}

TEST(CocoAp, ImagesInAnyOrderGiveTheSameScores) {
  for (CocoCase& c : ReadCocoCases(GoldenFolder() + "/coco_metric.json")) {
    std::reverse(c.truths.images.begin(), c.truths.images.end());
    std::reverse(c.truths.categories.begin(), c.truths.categories.end());
    std::stable_sort(c.truths.boxes.begin(), c.truths.boxes.end(), [](const auto& a, const auto& b) { return a.image > b.image; });
    std::stable_sort(c.detections.begin(), c.detections.end(), [](const auto& a, const auto& b) { return a.category > b.category; });
    ExpectCaseHolds(c, 1);
  }
}

void ExpectFailure(const CocoTruths& truths, const std::vector<CocoDetection>& detections, const std::string& words) {
  try {
    ScoreCocoBoxes(truths, detections, 1);
    FAIL() << "no error about " << words;
  } catch (const base::Error& error) {
    EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
  }
}

TEST(CocoAp, BoxesThatCannotBeScoredAreNamed) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  const CocoTruths truths = ApartObjects();
  ExpectFailure(truths, {{100, 5, {0, 0, 1, 1}, 1}}, "detection 0 is of image 100, which is not among the 20 images");
  ExpectFailure(truths, {{1, 5, {0, 0, 1, 1}, nan}}, "detection 0 of image 1 holds a number that is not finite");
  ExpectFailure(truths, {{1, 5, {0, 0, infinity, 1}, 1}}, "detection 0 of image 1 holds a number that is not finite");
  ExpectFailure({{1}, {2}, {{7, 2, {0, 0, 1, 1}, 1, false}}}, {}, "object 0 is of image 7");
  ExpectFailure({{1}, {2}, {{1, 3, {0, 0, 1, 1}, 1, false}}}, {}, "object 0 of image 1 is of category 3, which is not listed");
  ExpectFailure({{1}, {2}, {{1, 2, {0, 0, 1, 1}, nan, false}}}, {}, "object 0 of image 1 holds a number that is not finite");
}

}  // namespace
}  // namespace deepmad::train
