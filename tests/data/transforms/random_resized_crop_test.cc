#include "data/transforms/random_resized_crop.h"

#include <gtest/gtest.h>

#include <cmath>

namespace deepmad::data {
namespace {

base::Random Stream(uint64_t index) { return base::Random(5, base::RandomPurpose::kAugment, 0, index); }

TEST(RandomResizedCrop, DrawsPartsWithinTheBoundsOfAreaAndRatio) {
  const RandomResizedCrop crop;
  double smallest = 1, largest = 0;
  for (uint64_t i = 0; i < 2000; ++i) {
    base::Random random = Stream(i);
    const Region region = crop.Draw({300, 400}, random);
    ASSERT_GE(region.left, 0);
    ASSERT_GE(region.top, 0);
    ASSERT_LE(region.left + region.width, 400);
    ASSERT_LE(region.top + region.height, 300);
    const double area = region.width * region.height / 120000.0;
    const double ratio = static_cast<double>(region.width) / region.height;
    EXPECT_GT(area, 0.078);
    EXPECT_GT(ratio, 0.73);
    EXPECT_LT(ratio, 1.37);
    smallest = std::min(smallest, area);
    largest = std::max(largest, area);
  }
  EXPECT_LT(smallest, 0.1);
  EXPECT_GT(largest, 0.9);
}

TEST(RandomResizedCrop, DrawsAreaAndRatioUniformly) {
  const RandomResizedCrop crop{224, 0.2, 0.3};
  double area = 0, log_ratio = 0;
  constexpr int kDraws = 4000;
  for (uint64_t i = 0; i < kDraws; ++i) {
    base::Random random = Stream(i);
    const Region region = crop.Draw({1000, 1000}, random);
    area += region.width * region.height / 1e6 / kDraws;
    log_ratio += std::log(static_cast<double>(region.width) / region.height) / kDraws;
  }
  EXPECT_NEAR(area, 0.25, 0.002);
  EXPECT_NEAR(log_ratio, 0, 0.01);
}

TEST(RandomResizedCrop, FallsBackToTheLargestCentredPartOfAnExtremePicture) {
  const RandomResizedCrop crop{8, 0.9, 1};
  base::Random random = Stream(0);
  const Region wide = crop.Draw({30, 400}, random);
  EXPECT_EQ(std::tuple(wide.left, wide.top, wide.width, wide.height), std::tuple(180, 0, 40, 30));
  const Region tall = crop.Draw({401, 30}, random);
  EXPECT_EQ(std::tuple(tall.left, tall.top, tall.width, tall.height), std::tuple(0, 180, 30, 40));
}

TEST(RandomResizedCrop, TakesAPictureOfOnePixel) {
  base::Random random = Stream(0);
  const Region region = RandomResizedCrop{6}.Draw({1, 1}, random);
  EXPECT_EQ(std::tuple(region.left, region.top, region.width, region.height), std::tuple(0, 0, 1, 1));
}

}  // namespace
}  // namespace deepmad::data
