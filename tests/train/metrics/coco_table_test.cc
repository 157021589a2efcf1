#include "train/metrics/coco_table.h"

#include <gtest/gtest.h>

namespace deepmad::train {
namespace {

CocoScores OneOfTwoFound() {
  CocoTruths truths;
  truths.images = {1, 2};
  truths.categories = {3, 5};
  truths.boxes = {{1, 3, {10, 10, 50, 50}, 2000, false}, {2, 3, {0, 0, 20, 20}, 400, false}};
  return ScoreCocoBoxes(truths, {{1, 3, {10, 10, 50, 50}, 0.9}, {2, 3, {10, 0, 20, 20}, 0.8}}, 1);
}

TEST(CocoTable, HasTheTwelveNumbersAndARowAClass) {
  const base::Json document = CocoScoresJson(OneOfTwoFound(), {"dog", "cat"});
  EXPECT_EQ(document.at("stats").size(), 12u);
  EXPECT_NEAR(document.at("stats").at(0).get<double>(), 51.0 / 101, 1e-12);
  EXPECT_EQ(document.at("stat_names").at(11), "ARlarge");
  const base::Json& dog = document.at("classes").at(0);
  EXPECT_EQ(std::tuple(dog.at("id"), dog.at("name"), dog.at("objects"), dog.at("detections")), std::tuple(3, "dog", 2, 2));
  EXPECT_EQ(dog.at("AR100"), 0.5);
  EXPECT_EQ(document.at("classes").at(1).at("AP"), -1) << "no cat to find";
}

TEST(CocoTable, PeopleReadPercent) {
  const std::string text = CocoScoresText(CocoScoresJson(OneOfTwoFound(), {"dog", "cat"}));
  EXPECT_NE(text.find("AP50       50.5   0.50495"), std::string::npos) << text;
  EXPECT_NE(text.find("APlarge       -   -1"), std::string::npos) << text;
  EXPECT_NE(text.find("class  objects detections     AP   AP50   AP75  small medium  large  AR100\n"), std::string::npos) << text;
  EXPECT_NE(text.find("dog          2          2   50.5   50.5   50.5    0.0  100.0      -   50.0\n"), std::string::npos) << text;
  EXPECT_NE(text.find("cat          0          0      -      -      -      -      -      -      -\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace deepmad::train
