#include "data/datasets/box_warnings.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "tests/data/pictures.h"

namespace deepmad::data {
namespace {

// On pictures of 100x80 pixels.
CocoAnnotations FileWith(const std::vector<std::array<double, 4>>& boxes) {
  CocoAnnotations file;
  file.images = {{1, 100, 80, "a.jpg"}};
  file.categories = {{3, "dog"}};
  for (const auto& box : boxes)
    file.annotations.push_back({static_cast<int64_t>(file.annotations.size()), 1, 3, box, box[2] * box[3], false});
  return file;
}

std::vector<std::string> WarningsOf(const std::vector<std::array<double, 4>>& boxes) {
  const CocoAnnotations file = FileWith(boxes);
  return BoxWarnings(file, SelectCoco(file, Split::kValidation, "a.json"));
}

TEST(BoxWarnings, NoneForBoxesAsTheyShouldBe) {
  EXPECT_TRUE(WarningsOf({{0, 0, 100, 80}, {10, 20, 30, 40}, {50, 40, 50, 40}, {60, 10, 9, 9}}).empty());
  EXPECT_TRUE(WarningsOf({}).empty());
  EXPECT_TRUE(WarningsOf({{0, 0, 30, 30}, {10, 20, 30, 40}, {90, 70, 20, 20}, {1, 1, 9, 9}}).empty()) << "one reaches out";
}

TEST(BoxWarnings, FractionsAreKnown) {
  const std::vector<std::string> warnings = WarningsOf({{0.1, 0.2, 0.3, 0.4}, {0, 0, 1, 1}, {0.5, 0.5, 0.2, 0.2}});
  ASSERT_EQ(warnings.size(), 2u);
  EXPECT_EQ(warnings[0], "2 of 3 boxes are left out");
  ExpectContains(warnings[1], "look like fractions of the picture");
}

TEST(BoxWarnings, CornersAreKnown) {
  const std::vector<std::string> warnings = WarningsOf({{10, 20, 40, 60}, {50, 40, 100, 80}, {60, 10, 90, 70}, {0, 0, 20, 20}});
  ASSERT_EQ(warnings.size(), 1u);
  ExpectContains(warnings[0], "look like corners [left, top, right, bottom]");
}

TEST(BoxWarnings, BoxesOfAnotherSizeOfThePictureAreCounted) {
  const std::vector<std::string> warnings = WarningsOf({{90, 70, 40, 60}, {50, 40, 140, 80}, {0, 0, 20, 20}});
  ASSERT_EQ(warnings.size(), 1u);
  ExpectContains(warnings[0], "2 of 3 boxes reach out of their picture");
}

TEST(BoxWarnings, TwoCategoriesOfOneNameAreNamed) {
  CocoAnnotations file = FileWith({{0, 0, 10, 10}});
  file.categories = {{1, "ball"}, {3, "dog"}, {7, "ball"}};
  EXPECT_EQ(BoxWarnings(file, SelectCoco(file, Split::kValidation, "a.json")),
            std::vector<std::string>{"two categories are called 'ball'"});
}

TEST(BoxWarnings, ATrainingSetWithoutABoxIsAnError) {
  const auto failure = [](const std::vector<std::array<double, 4>>& boxes) {
    return ErrorOf(base::ErrorKind::kFailed, [&] { SelectCoco(FileWith(boxes), Split::kTrain, "a.json"); });
  };
  ExpectContains(failure({{10, 10, 0, 0}, {20, 20, 0, 5}}),
                 "none of 2 boxes can be learnt from; boxes narrower or lower than 1 pixel: 2: a.json");
  ExpectContains(failure({{0.1, 0.1, 0.5, 0.5}}), "a.json: the boxes look like fractions of the picture");
  EXPECT_EQ(SelectCoco(FileWith({{10, 10, 0, 0}}), Split::kValidation, "a.json").pictures.size(), 1u);
}

}  // namespace
}  // namespace deepmad::data
