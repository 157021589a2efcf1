#include "data/transforms/scene_augmentation.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

#include "data/image/label_map.h"
#include "tests/data/pictures.h"

namespace deepmad::data {
namespace {

base::Random Stream(uint64_t index) { return base::Random(3, base::RandomPurpose::kAugment, 0, index); }

// A colour a class, any two far apart in at least one channel.
std::array<uint8_t, 3> Colour(uint8_t label) {
  if (label == kNoLabel) return {255, 255, 255};
  return {static_cast<uint8_t>(label % 3 * 100), static_cast<uint8_t>(label / 3 % 3 * 100), static_cast<uint8_t>(label / 9 * 100)};
}

// A grid of cells of 12 classes and of none, so large that no resize of the test can step over one.
Image RandomMap(int height, int width, base::Random& random) {
  constexpr int kCell = 14;
  Image map(height, width, 1);
  for (int top = 0; top < height; top += kCell) {
    for (int left = 0; left < width; left += kCell) {
      const auto label = static_cast<uint8_t>(random.UniformInt(0, 12));
      for (int y = top; y < std::min(top + kCell, height); ++y) {
        std::fill(map.row(y) + left, map.row(y) + std::min(left + kCell, width), label == 12 ? kNoLabel : label);
      }
    }
  }
  return map;
}

Image Painted(const Image& map) {
  Image image(map.height, map.width, 3);
  for (size_t i = 0; i < map.pixels.size(); ++i) {
    const auto colour = Colour(map.pixels[i]);
    std::copy(colour.begin(), colour.end(), image.pixels.begin() + static_cast<std::ptrdiff_t>(3 * i));
  }
  return image;
}

// All labels within two pixels are the same: away from the edges, which the two resizes put up to a pixel apart and blend.
bool IsInside(const Image& map, int y, int x) {
  for (int v = y - 2; v <= y + 2; ++v) {
    for (int u = x - 2; u <= x + 2; ++u) {
      if (v < 0 || u < 0 || v >= map.height || u >= map.width || map.row(v)[u] != map.row(y)[x]) return false;
    }
  }
  return true;
}

TEST(SceneAugmentation, NeverLetsPictureAndLabelsDriftApart) {
  SceneAugmentation augmentation;
  augmentation.side = 64;
  augmentation.scale = {.long_edge = 256, .short_edge = 80};
  augmentation.photometric.probability = 0;
  int64_t compared = 0;
  int flipped = 0;
  for (uint64_t i = 0; i < 150; ++i) {
    base::Random random = Stream(i);
    const int height = static_cast<int>(14 * random.UniformInt(5, 11)), width = static_cast<int>(14 * random.UniformInt(5, 11));
    const Image map = RandomMap(height, width, random);
    const SceneDraw draw = augmentation.Draw(map, random);
    const Image picture = ApplyToPicture(draw, Painted(map)), labels = ApplyToLabels(draw, map);
    ASSERT_EQ(std::pair(picture.height, picture.width), std::pair(labels.height, labels.width));
    EXPECT_LE(labels.height, 64);
    EXPECT_LE(labels.width, 64);
    flipped += draw.flip;
    for (int y = 0; y < labels.height; ++y) {
      for (int x = 0; x < labels.width; ++x) {
        if (!IsInside(labels, y, x)) continue;
        const auto colour = Colour(labels.row(y)[x]);
        ASSERT_TRUE(std::equal(colour.begin(), colour.end(), picture.row(y) + 3 * x)) << i << ": " << y << ", " << x;
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, 100'000);
  EXPECT_GT(flipped, 50);
  EXPECT_LT(flipped, 100);
}

TEST(SceneAugmentation, DrawsSizesAndOffsetsOverTheWholeRange) {
  SceneAugmentation augmentation;
  augmentation.side = 100;
  augmentation.scale = {.long_edge = 400, .short_edge = 100};
  augmentation.min_ratio = augmentation.max_ratio = 1.02;  // 102 x 102
  std::set<int> tops, lefts;
  const Image map(50, 50, 1);
  for (uint64_t i = 0; i < 100; ++i) {
    base::Random random = Stream(i);
    const SceneDraw draw = augmentation.Draw(map, random);
    EXPECT_EQ(std::pair(draw.resized.height, draw.resized.width), std::pair(102, 102));
    tops.insert(draw.crop.top);
    lefts.insert(draw.crop.left);
  }
  EXPECT_EQ(tops, (std::set<int>{0, 1, 2}));
  EXPECT_EQ(lefts, (std::set<int>{0, 1, 2}));
}

TEST(SceneAugmentation, TakesAShortSideWhole) {
  SceneAugmentation augmentation;
  augmentation.min_ratio = augmentation.max_ratio = 1;
  base::Random random = Stream(0);
  const SceneDraw draw = augmentation.Draw(Image(100, 1000, 1), random);  // 205 x 2048
  EXPECT_EQ(std::pair(draw.crop.top, draw.crop.height), std::pair(0, 205));
  EXPECT_EQ(draw.crop.width, 512);
}

// A map with one varied column: most crops show one class only.
TEST(SceneAugmentation, DrawsAgainWhereOneClassFillsTheCrop) {
  SceneAugmentation augmentation;
  augmentation.side = 40;
  augmentation.scale = {.long_edge = 1000, .short_edge = 100};
  augmentation.min_ratio = augmentation.max_ratio = 1;
  Image map(100, 200, 1);
  for (int y = 0; y < 100; ++y) {
    std::fill(map.row(y) + 100, map.row(y) + 200, uint8_t{1});
    std::fill(map.row(y), map.row(y) + 30, kNoLabel);  // does not count as a class
  }
  const auto varied = [&](double most) {
    augmentation.cat_max_ratio = most;
    int count = 0;
    for (uint64_t i = 0; i < 200; ++i) {
      base::Random random = Stream(i);
      const SceneDraw draw = augmentation.Draw(map, random);
      const Image labels = ApplyToLabels(draw, map);
      const auto ones = std::count(labels.pixels.begin(), labels.pixels.end(), 1);
      const auto zeros = std::count(labels.pixels.begin(), labels.pixels.end(), 0);
      count += std::max(ones, zeros) < 0.75 * static_cast<double>(ones + zeros);
    }
    return count;
  };
  // 19 of 161 offsets are varied (the seam at 11 to 29 pixels of the crop), so 1 - (142/161)^11 = 75% of the crops.
  EXPECT_NEAR(varied(0.75), 150, 25);
  EXPECT_NEAR(varied(1.1), 93, 20) << "a crop with two classes is enough: 39 offsets, of which 19 are varied";
}

TEST(SceneAugmentation, IsTheSameForTheSameStream) {
  const SceneAugmentation augmentation;
  base::Random maps = Stream(9);
  const Image map = RandomMap(60, 90, maps);
  base::Random first = Stream(1), second = Stream(1);
  const Image picture = NoisePicture(60, 90, 3);
  EXPECT_EQ(ApplyToPicture(augmentation.Draw(map, first), picture).pixels, ApplyToPicture(augmentation.Draw(map, second), picture).pixels);
}

}  // namespace
}  // namespace deepmad::data
