#include "data/image/png_decoder.h"

#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>

#include "data/image/image_io.h"
#include "tests/data/pictures.h"
#include "tests/data/png_writer.h"

namespace deepmad::data {
namespace {

std::string PngOf(const cv::Mat& mat) {
  std::vector<uint8_t> bytes;
  cv::imencode(".png", mat, bytes);
  return std::string(bytes.begin(), bytes.end());
}

std::string FailureOf(const std::string& bytes) {
  return ErrorOf(base::ErrorKind::kFailed, [&] { DecodePng(bytes, "folder/picture.png"); });
}

TEST(DecodePng, ReadsBackGreyAndColourExactly) {
  for (const int channels : {1, 3}) {
    const Image image = NoisePicture(7, 5, channels);
    const Image decoded = DecodePng(EncodePng(image), "x");
    EXPECT_EQ(std::tuple(decoded.height, decoded.width, decoded.channels), std::tuple(7, 5, channels));
    EXPECT_EQ(decoded.pixels, image.pixels);
  }
}

TEST(DecodePng, KeepsTheHighByteOfSixteenBitSamples) {
  cv::Mat mat(1, 2, CV_16UC3, cv::Scalar(0x1234, 0x8000, 0xFFFF));  // blue, green, red
  const Image image = DecodePng(PngOf(mat), "x");
  EXPECT_EQ(image.pixels, (std::vector<uint8_t>{0xFF, 0x80, 0x12, 0xFF, 0x80, 0x12}));
}

TEST(DecodePng, DropsAlpha) {
  cv::Mat mat(1, 1, CV_8UC4, cv::Scalar(1, 2, 3, 40));
  EXPECT_EQ(DecodePng(PngOf(mat), "x").pixels, (std::vector<uint8_t>{3, 2, 1}));
}

// One row: filter byte 0, then the samples.
Image DecodeRow(uint32_t width, const PngForm& form, const std::string& samples) {
  return DecodePng(PngByHand(width, 1, form, std::string(1, '\0') + samples), "x");
}

TEST(DecodePng, ReadsPalettesOfAnyDepth) {
  const std::string palette = {'\xFF', 0, 0, 0, 0, '\xFF'};  // red, blue
  const std::vector<uint8_t> red_blue = {255, 0, 0, 0, 0, 255};
  EXPECT_EQ(DecodeRow(2, {8, 3, false, palette, ""}, {0, 1}).pixels, red_blue);
  EXPECT_EQ(DecodeRow(2, {1, 3, false, palette, ""}, "\x40").pixels, red_blue);
  EXPECT_EQ(DecodeRow(2, {4, 3, false, palette, "\x80"}, "\x01").pixels, red_blue) << "a half transparent red";
}

TEST(DecodePng, SpreadsFewerBitsOverTheWholeRange) {
  EXPECT_EQ(DecodeRow(2, {1, 0, false, "", ""}, "\x40").pixels, (std::vector<uint8_t>{0, 255}));
  EXPECT_EQ(DecodeRow(4, {2, 0, false, "", ""}, "\x1B").pixels, (std::vector<uint8_t>{0, 85, 170, 255}));
}

TEST(DecodePng, KeepsGreyAsOneChannelWithAlphaTo16Bits) {
  EXPECT_EQ(DecodeRow(1, {16, 0, false, "", ""}, {'\x12', '\x34'}).pixels, (std::vector<uint8_t>{0x12}));
  EXPECT_EQ(DecodeRow(1, {8, 4, false, "", ""}, {'\x12', '\x34'}).pixels, (std::vector<uint8_t>{0x12}));
  EXPECT_EQ(DecodeRow(1, {16, 4, false, "", ""}, {'\x12', '\x34', '\x56', '\x78'}).pixels, (std::vector<uint8_t>{0x12}));
  EXPECT_EQ(DecodeRow(1, {16, 6, false, "", ""}, {1, 9, 2, 9, 3, 9, 4, 9}).pixels, (std::vector<uint8_t>{1, 2, 3}));
}

TEST(DecodePng, ReadsInterlacedFiles) {
  // Adam7 of 2x2 pixels: pass 1 holds the first pixel, pass 6 the second, pass 7 the last row.
  const std::string passes = {0, 10, 0, 20, 0, 30, 40};
  EXPECT_EQ(DecodePng(PngByHand(2, 2, {8, 0, true, "", ""}, passes), "x").pixels, (std::vector<uint8_t>{10, 20, 30, 40}));
}

TEST(DecodePng, RefusesASizeBeyondTheLimits) {
  ExpectContains(FailureOf(PngHeader(65501, 1)), "too large: 65501x1");
  ExpectContains(FailureOf(PngHeader(30000, 30000)), "too large: 30000x30000");
  ExpectContains(FailureOf(PngHeader(0, 7)), "empty image: 0x7");
}

TEST(DecodePng, ReadsThirtyThousandPixelsASide) {
  const std::string rows(30001, '\0');
  const Image wide = DecodePng(PngByHand(30000, 1, {}, rows), "x");
  EXPECT_EQ(std::tuple(wide.height, wide.width), std::tuple(1, 30000));
  const Image high = DecodePng(PngByHand(1, 30000, {}, std::string(60000, '\0')), "x");
  EXPECT_EQ(std::tuple(high.height, high.width), std::tuple(30000, 1));
}

TEST(DecodePng, BelievesNoSizeThatTheFileIsTooShortFor) {
  ExpectContains(FailureOf(PngByHand(16384, 16384, {}, "few")), "too short for its size in pixels: folder/picture.png");
}

TEST(DecodePng, NamesAPngThatEndsEarlyWhereverItWasCut) {
  const std::string whole = EncodePng(NoisePicture(20, 20, 3));
  for (size_t size = 8; size + 12 < whole.size(); size += 29) ExpectContains(FailureOf(whole.substr(0, size)), "folder/picture.png");
}

TEST(DecodePng, NamesAPngWithADamagedByte) {
  std::string bytes = EncodePng(NoisePicture(20, 20, 3));
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  ExpectContains(FailureOf(bytes), "folder/picture.png");
}

TEST(DecodePng, IgnoresChunksThatAreNotThePicture) {
  const Image image = NoisePicture(6, 6, 3);
  std::string png = EncodePng(image);
  std::string broken_comment = PngChunk("tEXt", "Comment");
  broken_comment.back() ^= 1;
  png.insert(33, PngChunk("iCCP", "no colour profile at all") + broken_comment);
  testing::internal::CaptureStderr();
  EXPECT_EQ(DecodePng(png, "x").pixels, image.pixels);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "") << "libpng itself prints nothing";
}

// Checksums of chunks are right in all of them.
TEST(DecodePng, NamesEveryDefectAndPrintsNothing) {
  const std::string header = PngHeader(4, 4), end = PngChunk("IEND", "");
  const std::string rows(20, '\0');
  const struct {
    const char* name;
    std::string bytes;
    const char* message;
  } cases[] = {
      {"nothing but magic", kPngMagic, "no header"},
      {"no header", kPngMagic + end + std::string(20, ' '), "no header"},
      {"an empty header", kPngMagic + PngChunk("IHDR", "") + end + "  ", "no header"},
      {"no pixels", header + end, "broken PNG image"},
      {"pixels that are not compressed", header + PngChunk("IDAT", "not compressed at all") + end, "IDAT"},
      {"too few rows", header + PngChunk("IDAT", Deflated(std::string(7, '\0'))) + end, "Not enough image data"},
      {"pixels cut off", header + PngChunk("IDAT", Deflated(rows).substr(0, 8)) + end, "broken PNG image"},
      {"an unknown filter", header + PngChunk("IDAT", Deflated(std::string(20, '\x07'))) + end, "bad adaptive filter value"},
      {"no end", header + PngChunk("IDAT", Deflated(rows)), "ends early"},
      {"half a chunk", header + PngChunk("IDAT", Deflated(rows)).substr(0, 14), "ends early"},
      {"an unknown critical chunk", header + PngChunk("ABCD", "") + PngChunk("IDAT", Deflated(rows)) + end, "unhandled critical chunk"},
      {"a palette that is missing", PngByHand(4, 4, {8, 3, false, "", ""}, rows), "PLTE"},
      {"bits that no colour has", PngByHand(4, 4, {3, 2, false, "", ""}, rows), "Invalid IHDR data"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    testing::internal::CaptureStderr();
    const std::string message = FailureOf(c.bytes);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    ExpectContains(message, c.message);
    ExpectContains(message, ": folder/picture.png");
  }
}

TEST(DecodePng, SurvivesEveryDamagedByte) {
  const std::string whole = EncodePng(NoisePicture(5, 5, 3));
  for (size_t i = 8; i < whole.size(); ++i) {
    std::string bytes = whole;
    bytes[i] = static_cast<char>(bytes[i] ^ 0x55);
    try {
      DecodePng(bytes, "x");
    } catch (const base::Error& e) {
      EXPECT_EQ(e.kind(), base::ErrorKind::kFailed);
    }
  }
}

}  // namespace
}  // namespace deepmad::data
