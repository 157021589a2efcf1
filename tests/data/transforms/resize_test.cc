#include "data/transforms/resize.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "data/transforms/crop.h"
#include "tests/data/json_image.h"
#include "tests/data/pictures.h"
#include "tests/places.h"

namespace deepmad::data {
namespace {

void ExpectVectorsHold(const std::string& path) {
  const nlohmann::json vectors = nlohmann::json::parse(base::ReadFile(path));
  const Image image = ImageFromJson(vectors.at("image"));
  for (const auto& each : vectors.at("cases")) {
    const Size size{each.at("h").get<int>(), each.at("w").get<int>()};
    const Image resized = Resize(image, size, InterpolationFromName(each.at("kind").get<std::string>()));
    EXPECT_EQ(resized.pixels, ImageFromJson(each.at("out")).pixels) << each.at("kind") << " to " << size.width << "x" << size.height;
  }
}

TEST(Resize, EqualsTheGoldenVectorsBitByBit) { ExpectVectorsHold(GoldenFolder() + "/resize.json"); }

TEST(Resize, EqualsAllPublishedVectorsBitByBit) {
  const char* data = std::getenv("DEEPMAD_TEST_DATA");
  const std::string path = data ? std::string(data) + "/../specs/vectors/resize.json" : "";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no specs/vectors/resize.json beside the folder that DEEPMAD_TEST_DATA names";
  ExpectVectorsHold(path);
}

TEST(Resize, LeavesAPictureOfTheRightSizeAlone) {
  const Image image = NoisePicture(9, 13, 3);
  EXPECT_EQ(Resize(image, {9, 13}, Interpolation::kBicubic).pixels, image.pixels);
}

TEST(Resize, KeepsAFlatPictureFlatAtAnySize) {
  Image image(17, 5, 1);
  std::fill(image.pixels.begin(), image.pixels.end(), uint8_t{201});
  for (const Size size : {Size{1, 1}, Size{3, 40}, Size{100, 2}}) {
    for (const auto interpolation : {Interpolation::kBilinear, Interpolation::kBicubic}) {
      for (const uint8_t value : Resize(image, size, interpolation).pixels) EXPECT_EQ(value, 201);
    }
  }
}

TEST(Resize, GivesEachChannelWhatItGivesThatChannelAlone) {
  const Image image = NoisePicture(21, 34, 3);
  const Image resized = Resize(image, {10, 50}, Interpolation::kBicubic);
  for (int c = 0; c < 3; ++c) {
    Image channel(21, 34, 1);
    for (size_t i = 0; i < channel.pixels.size(); ++i) channel.pixels[i] = image.pixels[i * 3 + c];
    const Image alone = Resize(channel, {10, 50}, Interpolation::kBicubic);
    for (size_t i = 0; i < alone.pixels.size(); ++i) ASSERT_EQ(alone.pixels[i], resized.pixels[i * 3 + c]);
  }
}

TEST(ResizeRegion, EqualsCropThenResizeThenCrop) {
  const Image image = NoisePicture(40, 61, 3);
  const Region source{7, 3, 50, 30};
  const Image cropped = Crop(image, source);
  for (const Size size : {Size{12, 20}, Size{30, 17}, Size{45, 50}, Size{30, 50}, Size{64, 80}}) {
    const Region window{2, 5, size.width - 9, size.height - 6};
    for (const auto interpolation : {Interpolation::kBilinear, Interpolation::kBicubic}) {
      const Image expected = Crop(Resize(cropped, size, interpolation), window);
      EXPECT_EQ(ResizeRegion(image, source, size, window, interpolation).pixels, expected.pixels) << size.width << "x" << size.height;
    }
  }
}

TEST(ResizeRegion, IgnoresPixelsOutsideTheSource) {
  Image image = NoisePicture(20, 20, 3);
  const Region source{5, 5, 10, 10};
  const Image before = ResizeRegion(image, source, {7, 7}, {0, 0, 7, 7}, Interpolation::kBicubic);
  for (int y = 0; y < 20; ++y) {
    for (int x = 0; x < 20; ++x) {
      if (y < 5 || y >= 15 || x < 5 || x >= 15) std::fill_n(image.row(y) + x * 3, 3, uint8_t{255});
    }
  }
  EXPECT_EQ(ResizeRegion(image, source, {7, 7}, {0, 0, 7, 7}, Interpolation::kBicubic).pixels, before.pixels);
}

TEST(ResizeRegion, RefusesRegionsOutsideThePicture) {
  const Image image = NoisePicture(10, 10, 3);
  EXPECT_THROW(ResizeRegion(image, {5, 0, 6, 10}, {4, 4}, {0, 0, 4, 4}, Interpolation::kBicubic), std::logic_error);
  EXPECT_THROW(ResizeRegion(image, {0, 0, 10, 10}, {4, 4}, {0, 1, 4, 4}, Interpolation::kBicubic), std::logic_error);
}

TEST(SizeForShorterSide, TruncatesTheLongerSide) {
  const auto sides = [](int height, int width, int shorter) {
    const Size size = SizeForShorterSide({height, width}, shorter);
    return std::pair{size.height, size.width};
  };
  EXPECT_EQ(sides(375, 500, 256), std::pair(256, 341));  // 341.33
  EXPECT_EQ(sides(500, 333, 256), std::pair(384, 256));  // 384.38
  EXPECT_EQ(sides(256, 300, 256), std::pair(256, 300));
  EXPECT_EQ(sides(64, 64, 73), std::pair(73, 73));
}

TEST(ValidationResize, TakesTheFloorOfTheSide) {
  EXPECT_EQ((ValidationResize{224, 0.875, Interpolation::kBicubic}.resized_side()), 256);
  EXPECT_EQ((ValidationResize{224, 0.95, Interpolation::kBicubic}.resized_side()), 235);
  EXPECT_EQ((ValidationResize{288, 0.875, Interpolation::kBicubic}.resized_side()), 329);
  EXPECT_EQ((ValidationResize{28, 1.0, Interpolation::kBicubic}.resized_side()), 28);
}

TEST(ValidationResize, EqualsAWholeResizeAndACentreCrop) {
  const Image image = NoisePicture(45, 70, 3);
  const ValidationResize transform{24, 0.8, Interpolation::kBicubic};  // 30 x 46
  const Image whole = Resize(image, {30, 46}, Interpolation::kBicubic);
  EXPECT_EQ(transform(image).pixels, Crop(whole, {11, 3, 24, 24}).pixels);
}

TEST(ValidationResize, PadsWithZerosWhenTheResizedSideIsShort) {
  Image image(10, 10, 1);
  std::fill(image.pixels.begin(), image.pixels.end(), uint8_t{9});
  const Image out = ValidationResize{15, 1.5, Interpolation::kBicubic}(image);  // resized to 10: 2 zeros before, 3 after
  ASSERT_EQ(out.height, 15);
  ASSERT_EQ(out.width, 15);
  for (int y = 0; y < 15; ++y) {
    for (int x = 0; x < 15; ++x) EXPECT_EQ(out.row(y)[x], y >= 2 && y < 12 && x >= 2 && x < 12 ? 9 : 0);
  }
}

TEST(ValidationResize, CostsNoMemoryForAPictureOfExtremeShape) {
  const Image image = NoisePicture(1, 20000, 3);  // 256 x 5,120,000 when resized whole
  const Image out = ValidationResize{224, 0.875, Interpolation::kBicubic}(image);
  EXPECT_EQ(out.pixels.size(), 224u * 224 * 3);
}

}  // namespace
}  // namespace deepmad::data
