#include "data/image/label_map.h"

#include <gtest/gtest.h>

#include "data/image/image_io.h"
#include "tests/data/png_writer.h"
#include "tests/temporary_folder.h"

namespace deepmad::data {
namespace {

constexpr auto kFromOne = LabelNumbering::kFromOne;
constexpr auto kFromZero = LabelNumbering::kFromZero;

// One row: filter byte 0, then the samples.
std::string PngRow(uint32_t width, const PngForm& form, const std::string& samples) {
  return PngByHand(width, 1, form, std::string(1, '\0') + samples);
}

std::string FailureOf(const std::string& bytes) {
  return ErrorOf(base::ErrorKind::kFailed, [&] { DecodeLabelMap(bytes, kFromOne, "folder/map.png"); });
}

TEST(LabelMap, CountsClassesFromOneAndTakesZeroForNone) {
  const std::string png = PngRow(5, {}, std::string("\x00\x01\x96\xFE\xFF", 5));
  EXPECT_EQ(DecodeLabelMap(png, kFromOne, "x").pixels, (std::vector<uint8_t>{255, 0, 149, 253, 255}));
  EXPECT_EQ(DecodeLabelMap(png, kFromZero, "x").pixels, (std::vector<uint8_t>{0, 1, 150, 254, 255}));
}

TEST(LabelMap, ReadsTheNumbersOfAPaletteAndNotItsColours) {
  const std::string palette = {'\xFF', 0, 0, 0, 0, '\xFF', 9, 9, 9};
  EXPECT_EQ(DecodeLabelMap(PngRow(3, {8, 3, false, palette, ""}, std::string("\x02\x00\x01", 3)), kFromZero, "x").pixels,
            (std::vector<uint8_t>{2, 0, 1}));
  EXPECT_EQ(DecodeLabelMap(PngRow(2, {4, 3, false, palette, ""}, "\x21"), kFromZero, "x").pixels, (std::vector<uint8_t>{2, 1}));
}

TEST(LabelMap, ReadsGreyOfFewBitsAsItIsStored) {
  EXPECT_EQ(DecodeLabelMap(PngRow(4, {2, 0, false, "", ""}, "\x1B"), kFromZero, "x").pixels, (std::vector<uint8_t>{0, 1, 2, 3}));
}

TEST(LabelMap, ReadsBackWhatItWrites) {
  Image map(1, 4, 1);
  map.pixels = {0, 149, 255, 7};
  for (const LabelNumbering numbering : {kFromOne, kFromZero}) {
    EXPECT_EQ(DecodeLabelMap(EncodeLabelMap(map, numbering), numbering, "x").pixels, map.pixels);
  }
}

TEST(LabelMap, NamesAFileThatIsNone) {
  ExpectContains(FailureOf(EncodePng(NoisePicture(3, 3, 3))), "a PNG image in RGB: folder/map.png");
  ExpectContains(FailureOf(PngRow(1, {8, 4, false, "", ""}, std::string("\x01\xFF", 2))), "with alpha: folder/map.png");
  ExpectContains(FailureOf(PngRow(1, {16, 0, false, "", ""}, std::string("\x00\x01", 2))), "16 bits a sample: folder/map.png");
  ExpectContains(FailureOf(EncodeJpeg(NoisePicture(8, 8, 1))), "not a PNG image: folder/map.png");
  ExpectContains(FailureOf(""), "empty file: folder/map.png");
  const std::string whole = EncodePng(NoisePicture(30, 30, 1));
  ExpectContains(FailureOf(whole.substr(0, whole.size() / 2)), "broken PNG image: ends early: folder/map.png");
}

TEST(LabelMap, NamesANumberThatIsNoClassAsTheFileHasIt) {
  Image map(1, 3, 1);
  map.pixels = {0, 7, 255};
  CheckClasses(map, 8, kFromOne, "x");
  ExpectContains(ErrorOf(base::ErrorKind::kFailed, [&] { CheckClasses(map, 7, kFromOne, "map.png"); }),
                 "label 8 of 7 classes, which are numbered from 1: map.png");
  ExpectContains(ErrorOf(base::ErrorKind::kFailed, [&] { CheckClasses(map, 7, kFromZero, "map.png"); }),
                 "label 7 of 7 classes, which are numbered from 0: map.png");
}

TEST(LabelMap, NamesBothFilesOfDifferentSizes) {
  CheckSameSize({2, 3}, "a", {2, 3}, "b");
  const std::string message = ErrorOf(base::ErrorKind::kFailed, [] { CheckSameSize({2, 3}, "map.png", {2, 4}, "picture.jpg"); });
  for (const char* part : {"3x2", "4x2", "map.png", "picture.jpg"}) ExpectContains(message, part);
}

}  // namespace
}  // namespace deepmad::data
