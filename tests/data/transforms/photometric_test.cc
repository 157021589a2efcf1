#include "data/transforms/photometric.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/data/pictures.h"

namespace deepmad::data {
namespace {

Image Pixel(uint8_t r, uint8_t g, uint8_t b) {
  Image image(1, 1, 3);
  image.pixels = {r, g, b};
  return image;
}

std::vector<uint8_t> After(const PhotometricDraw& draw, Image image) {
  ApplyPhotometric(draw, image);
  return image.pixels;
}

using Pixels = std::vector<uint8_t>;

TEST(Photometric, ClipsAndTruncatesAfterEachStep) {
  EXPECT_EQ(After({.brightness = 10.9}, Pixel(0, 100, 250)), (Pixels{10, 110, 255}));
  EXPECT_EQ(After({.brightness = -10.1}, Pixel(0, 100, 250)), (Pixels{0, 89, 239}));
  EXPECT_EQ(After({.contrast = 1.5}, Pixel(1, 101, 200)), (Pixels{1, 151, 255}));
}

TEST(Photometric, PutsContrastBehindBrightnessOrLast) {
  EXPECT_EQ(After({.brightness = 100, .contrast = 0.5}, Pixel(200, 0, 0)), (Pixels{127, 50, 50})) << "clipped before it is halved";
  // Red, then its hue a third of the circle on, then half of it: contrast and hue commute here; brightness before both does not.
  EXPECT_EQ(After({.contrast = 0.5, .contrast_last = true, .hue = 60}, Pixel(255, 0, 0)), (Pixels{0, 127, 0}));
}

TEST(Photometric, TurnsHueModulo180) {
  EXPECT_EQ(After({.hue = -60}, Pixel(255, 0, 0)), (Pixels{0, 0, 255}));
  EXPECT_EQ(After({.hue = 60}, Pixel(0, 0, 255)), (Pixels{255, 0, 0}));
  EXPECT_EQ(After({.hue = 17}, Pixel(80, 80, 80)), (Pixels{80, 80, 80})) << "grey has no hue";
}

TEST(Photometric, ScalesSaturationAlone) {
  EXPECT_EQ(After({.saturation = 0.5}, Pixel(255, 0, 0)), (Pixels{255, 128, 128}));
  EXPECT_EQ(After({.saturation = 1.5}, Pixel(200, 50, 50)), (Pixels{200, 0, 0})) << "S 191 becomes 255";
}

TEST(Photometric, LeavesThePictureAloneWhereNothingWasDrawn) {
  const Image image = NoisePicture(5, 7, 3);
  EXPECT_EQ(After({}, image), image.pixels);
}

TEST(Photometric, DrawsEachStepHalfOfTheTimeWithinItsRange) {
  const PhotometricDistortion distortion;
  int brightness = 0, contrast = 0, last = 0, saturation = 0;
  std::set<int> hues;
  constexpr int kDraws = 2000;
  for (int i = 0; i < kDraws; ++i) {
    base::Random random(5, base::RandomPurpose::kAugment, 0, i);
    const PhotometricDraw draw = distortion.Draw(random);
    brightness += draw.brightness.has_value();
    contrast += draw.contrast.has_value();
    last += draw.contrast_last;
    saturation += draw.saturation.has_value();
    if (draw.hue) hues.insert(*draw.hue);
    EXPECT_LE(std::abs(draw.brightness.value_or(0)), 32);
    for (const double factor : {draw.contrast.value_or(1), draw.saturation.value_or(1)}) EXPECT_TRUE(factor >= 0.5 && factor <= 1.5);
  }
  for (const int count : {brightness, contrast, last, saturation}) EXPECT_NEAR(count, kDraws / 2, 120);
  EXPECT_EQ(hues.size(), 36);
  EXPECT_EQ(*hues.begin(), -18);
  EXPECT_EQ(*hues.rbegin(), 17);
}

}  // namespace
}  // namespace deepmad::data
