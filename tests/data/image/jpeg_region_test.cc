// A part of a JPEG must have the very pixels of the whole, whatever the sampling of its colours.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/random.h"
#include "data/image/jpeg_decoder.h"
#include "data/transforms/crop.h"
#include "tests/data/jpeg_writer.h"
#include "tests/data/pictures.h"

namespace deepmad::data {
namespace {

Region RandomRegion(Size size, base::Random& random) {
  Region region;
  region.width = static_cast<int>(random.UniformInt(1, size.width));
  region.height = static_cast<int>(random.UniformInt(1, size.height));
  region.left = static_cast<int>(random.UniformInt(0, size.width - region.width));
  region.top = static_cast<int>(random.UniformInt(0, size.height - region.height));
  return region;
}

// How many of `regions` random parts differ from the crop of the whole.
int Differing(const std::string& bytes, int regions, const DecodeOptions& options = {}) {
  const Image whole = DecodeJpeg(bytes, "x");
  base::Random random(3, base::RandomPurpose::kSynthetic);
  int differing = 0;
  for (int i = 0; i < regions; ++i) {
    const Region region = RandomRegion({whole.height, whole.width}, random);
    const Image part = Copy(DecodeJpegRegion(bytes, "x", region, options).view());
    EXPECT_EQ(std::tuple(part.height, part.width, part.channels), std::tuple(region.height, region.width, whole.channels));
    differing += part.pixels != Crop(whole, region).pixels;
  }
  return differing;
}

TEST(DecodeJpegRegion, EqualsThePartOfTheWholeInEverySampling) {
  for (const auto& [horizontal, vertical] : {std::pair{1, 1}, {2, 1}, {2, 2}, {1, 2}, {4, 1}, {4, 2}, {1, 4}}) {
    for (const bool progressive : {false, true}) {
      for (const Size size : {Size{50, 70}, Size{133, 97}, Size{7, 5}, Size{16, 32}}) {
        JpegForm form{JCS_RGB, JCS_YCbCr, progressive};
        form.horizontal = horizontal;
        form.vertical = vertical;
        const std::string bytes = WriteJpeg(size.height, size.width, 3, NoisePicture(size.height, size.width, 3).pixels, form);
        EXPECT_EQ(Differing(bytes, 60), 0) << horizontal << "x" << vertical << (progressive ? " progressive " : " ") << size.width << "x"
                                           << size.height;
      }
    }
  }
}

TEST(DecodeJpegRegion, EqualsThePartOfTheWholeInEveryColourSpace) {
  const auto noise = [](int components) { return NoisePicture(60, 45, components).pixels; };
  for (const bool progressive : {false, true}) {
    EXPECT_EQ(Differing(WriteJpeg(60, 45, 1, noise(1), {JCS_GRAYSCALE, JCS_GRAYSCALE, progressive}), 60), 0);
    EXPECT_EQ(Differing(WriteJpeg(60, 45, 3, noise(3), {JCS_RGB, JCS_RGB, progressive}), 60), 0);
    EXPECT_EQ(Differing(WriteJpeg(60, 45, 4, noise(4), {JCS_CMYK, JCS_CMYK, progressive, true}), 20), 0);
    EXPECT_EQ(Differing(WriteJpeg(60, 45, 4, noise(4), {JCS_CMYK, JCS_YCCK, progressive, true}), 20), 0);
  }
}

// The decoder fills what is missing from the neighbouring blocks.
TEST(DecodeJpegRegion, EqualsThePartOfTheWholeOfAProgressiveFileThatLacksCoefficients) {
  for (const bool subsampled : {false, true}) {
    JpegForm form;
    form.horizontal = form.vertical = subsampled ? 2 : 1;
    form.scans_kept = 4;  // the direct currents and a few coefficients
    form.scan_per_coefficient = true;
    EXPECT_EQ(Differing(WriteJpeg(133, 97, 3, NoisePicture(133, 97, 3).pixels, form), 60), 0);
  }
}

TEST(DecodeJpegRegion, EqualsThePartOfTheWholeOfRealPhotographs) {
  const char* data = std::getenv("DEEPMAD_TEST_DATA");
  if (!data) GTEST_SKIP() << "DEEPMAD_TEST_DATA is not set";
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(std::string(data) + "/imagenet-fullsize/val")) {
    if (!entry.is_regular_file()) continue;
    EXPECT_EQ(Differing(base::ReadFile(entry.path().string()), 12), 0) << entry.path();
    ++files;
  }
  EXPECT_EQ(files, 40);
}

TEST(DecodeJpegRegion, ReducesRegionAndPictureAlike) {
  const std::string bytes = WriteJpeg(80, 120, 3, SmoothPicture(80, 120, 3).pixels, {});
  for (const int by : {2, 4, 8}) {
    const Image part = Copy(DecodeJpegRegion(bytes, "x", {40, 16, 48, 40}, {false, by}).view());
    ASSERT_EQ(std::tuple(part.height, part.width), std::tuple(40 / by, 48 / by));
    const Image whole = Copy(DecodeJpegRegion(bytes, "x", {0, 0, 120, 80}, {false, by}).view());
    EXPECT_EQ(part.pixels, Crop(whole, {40 / by, 16 / by, 48 / by, 40 / by}).pixels);
  }
  const Image last = Copy(DecodeJpegRegion(bytes, "x", {119, 79, 1, 1}, {false, 8}).view());
  EXPECT_EQ(std::tuple(last.height, last.width), std::tuple(1, 1));
}

TEST(DecodeJpegRegion, TheFastTransformIsCloseButNotTheSame) {
  const std::string bytes = WriteJpeg(64, 64, 3, NoisePicture(64, 64, 3).pixels, {});
  EXPECT_GT(Differing(bytes, 20, {true, 1}), 10);
}

TEST(DecodeJpegRegion, FindsDamageAboveTheRegionAndNotBelowIt) {
  std::string bytes = WriteJpeg(200, 40, 3, NoisePicture(200, 40, 3).pixels, {});
  const std::string cut = bytes.substr(0, bytes.size() / 2);
  EXPECT_EQ(Copy(DecodeJpegRegion(cut, "x", {5, 5, 20, 30}, {}).view()).pixels, Crop(DecodeJpeg(bytes, "x"), {5, 5, 20, 30}).pixels);
  ExpectContains(ErrorOf(base::ErrorKind::kFailed, [&] { DecodeJpegRegion(cut, "a/b.jpg", {5, 150, 20, 30}, {}); }), "a/b.jpg");
  ExpectContains(ErrorOf(base::ErrorKind::kFailed, [&] { DecodeJpegRegion(cut, "a/b.jpg", {0, 0, 40, 200}, {}); }), "a/b.jpg");
}

TEST(DecodeJpegSize, ReadsTheHeaderAlone) {
  const std::string bytes = WriteJpeg(20, 30, 3, SmoothPicture(20, 30, 3).pixels, {});
  const Size size = DecodeJpegSize(bytes, "x");
  EXPECT_EQ(std::tuple(size.height, size.width), std::tuple(20, 30));
  ExpectContains(ErrorOf(base::ErrorKind::kFailed, [&] { DecodeJpegSize(bytes.substr(0, 100), "a/b.jpg"); }), "a/b.jpg");
}

}  // namespace
}  // namespace deepmad::data
