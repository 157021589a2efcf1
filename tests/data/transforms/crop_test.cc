#include "data/transforms/crop.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/data/pictures.h"

namespace deepmad::data {
namespace {

TEST(Crop, CopiesThePixelsOfTheRegion) {
  const Image image = NoisePicture(6, 7, 3);
  const Image crop = Crop(image, {2, 1, 4, 3});
  ASSERT_EQ(crop.height, 3);
  ASSERT_EQ(crop.width, 4);
  for (int y = 0; y < 3; ++y) {
    for (int i = 0; i < 12; ++i) EXPECT_EQ(crop.row(y)[i], image.row(y + 1)[i + 6]);
  }
}

TEST(Crop, IsZeroOutsideThePicture) {
  Image image(2, 2, 1);
  image.pixels = {1, 2, 3, 4};
  EXPECT_EQ(Crop(image, {-1, -1, 4, 4}).pixels, (std::vector<uint8_t>{0, 0, 0, 0, 0, 1, 2, 0, 0, 3, 4, 0, 0, 0, 0, 0}));
  EXPECT_EQ(Crop(image, {5, 5, 1, 2}).pixels, (std::vector<uint8_t>{0, 0}));
}

TEST(CentreRegion, RoundsHalfToEven) {
  const auto top = [](int side, int crop) { return CentreRegion({side, side}, {crop, crop}).top; };
  EXPECT_EQ(top(256, 224), 16);
  EXPECT_EQ(top(225, 224), 0);  // 0.5
  EXPECT_EQ(top(227, 224), 2);  // 1.5
  EXPECT_EQ(top(229, 224), 2);  // 2.5
  EXPECT_EQ(top(224, 224), 0);
}

TEST(CentreRegion, PutsTheSmallerHalfOfTheMissingPixelsBefore) {
  EXPECT_EQ(CentreRegion({10, 10}, {15, 15}).top, -2);
  EXPECT_EQ(CentreRegion({10, 10}, {14, 14}).left, -2);
}

TEST(PaddedRandomCrop, ReachesEveryOffsetAndNothingElse) {
  Image image(3, 3, 1);
  image.pixels = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  const PaddedRandomCrop crop{3, 1};
  std::set<std::vector<uint8_t>> seen;
  for (uint64_t i = 0; i < 400; ++i) {
    base::Random random(0, base::RandomPurpose::kAugment, 0, i);
    seen.insert(Crop(image, crop.Draw({3, 3}, random)).pixels);
  }
  std::set<std::vector<uint8_t>> possible;
  for (int top = -1; top <= 1; ++top) {
    for (int left = -1; left <= 1; ++left) possible.insert(Crop(image, {left, top, 3, 3}).pixels);
  }
  EXPECT_EQ(seen, possible);
}

TEST(PaddedRandomCrop, RefusesAPictureThatIsTooSmall) {
  base::Random random(0, base::RandomPurpose::kAugment);
  EXPECT_THROW((PaddedRandomCrop{8, 1}.Draw({5, 20}, random)), std::logic_error);
}

}  // namespace
}  // namespace deepmad::data
