#include "data/video/frame_crops.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/data/video/video_vectors.h"

namespace deepmad::data {
namespace {

using Corner = std::vector<int>;

base::Random Draws(uint64_t index) { return base::Random(1, base::RandomPurpose::kAugment, 0, index); }

TEST(FrameCrops, OfTestsEqualTheVectors) {
  const nlohmann::json cases = VideoVectors("crops");
  ASSERT_EQ(cases.size(), 5U);
  for (const auto& one : cases) {
    const Size frame{one["h"], one["w"]};
    const std::vector<FrameView> ten = TenViews(frame, 224), three = ThreeViews(frame, 256);
    ASSERT_EQ(ten.size(), 10U);
    ASSERT_EQ(three.size(), 3U);
    for (size_t i = 0; i < 10; ++i) {
      EXPECT_EQ((Corner{ten[i].region.left, ten[i].region.top}), one["ten_xy"][i % 5].get<Corner>()) << one;
      EXPECT_EQ(ten[i].mirrored, i >= 5);
      EXPECT_EQ(ten[i].region.width * ten[i].region.height, 224 * 224);
    }
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_EQ((Corner{three[i].region.left, three[i].region.top}), one["three_xy"][i].get<Corner>()) << one;
      EXPECT_EQ(three[i].region.width * three[i].region.height, 256 * 256);
      EXPECT_FALSE(three[i].mirrored);
    }
    const FrameView centre = CentreView(frame, 224);
    EXPECT_EQ((Corner{centre.region.left, centre.region.top}), one["center_xy"].get<Corner>()) << one;
    EXPECT_FALSE(centre.mirrored);
  }
}

TEST(FrameCrops, OfTrainingAreDrawnFromThePublishedFiftyWithTheirFrequencies) {
  for (const auto& one : VideoVectors("multi_scale_crops")) {
    constexpr int kDraws = 10000;
    const Size frame{one["h"], one["w"]};
    std::map<std::vector<int>, double> expected, drawn;
    for (const auto& crop : one["crops"]) expected[crop.get<std::vector<int>>()] += kDraws / 50.0;
    for (int i = 0; i < kDraws; ++i) {
      base::Random random = Draws(i);
      const Region region = MultiScaleCrop{one["side"]}.Draw(frame, random);
      ASSERT_TRUE(frame.Contains(region));
      ++drawn[{region.left, region.top, region.width, region.height}];
    }
    ASSERT_EQ(drawn.size(), expected.size());
    double chi_square = 0;
    for (const auto& [crop, count] : expected) chi_square += (drawn[crop] - count) * (drawn[crop] - count) / count;
    EXPECT_LT(chi_square, 90) << "at most 49 degrees of freedom: less than 1 in 1000, " << one["h"] << " x " << one["w"];
  }
}

TEST(FrameCrops, StayInsideAFrameThatIsAlmostTooSmall) {
  for (int i = 0; i < 100; ++i) {
    base::Random random = Draws(i);
    EXPECT_TRUE((Size{222, 300}).Contains(MultiScaleCrop{224}.Draw({222, 300}, random)));
  }
}

TEST(FrameCrops, SquaresLieAnywhere) {
  std::map<std::pair<int, int>, int> drawn;
  for (int i = 0; i < 3000; ++i) {
    base::Random random = Draws(i);
    const Region region = DrawSquare({6, 7}, 5, random);
    ASSERT_TRUE((Size{6, 7}).Contains(region));
    ++drawn[{region.left, region.top}];
  }
  ASSERT_EQ(drawn.size(), 6U);
  for (const auto& [corner, count] : drawn) EXPECT_NEAR(count, 500, 80);
}

TEST(FrameCrops, ResizeTheShortSideAndRoundTheOther) {
  const auto resized = [](int h, int w, int side) {
    const Size size = WithShortSide({h, w}, side);
    return std::pair(size.height, size.width);
  };
  EXPECT_EQ(resized(240, 320, 256), std::pair(256, 341));
  EXPECT_EQ(resized(1080, 1920, 256), std::pair(256, 455));
  EXPECT_EQ(resized(400, 300, 256), std::pair(341, 256));
  EXPECT_EQ(resized(256, 340, 256), std::pair(256, 340));
}

}  // namespace
}  // namespace deepmad::data
