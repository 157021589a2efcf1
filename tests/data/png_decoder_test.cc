#include "data/png_decoder.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <opencv2/imgcodecs.hpp>

#include "data/image_io.h"
#include "tests/data/pictures.h"

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

std::string Chunk(const std::string& type, const std::string& content) {
  const std::string typed = type + content;
  const auto checksum = static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(typed.data()), static_cast<uInt>(typed.size())));
  return BigEndian(static_cast<uint32_t>(content.size())) + typed + BigEndian(checksum);
}

// Written by hand: OpenCV writes neither palettes nor false headers. `rows` holds a filter byte before each row.
std::string PngByHand(uint32_t width, uint32_t height, char colour_type, const std::string& rows, const std::string& palette = "") {
  std::string compressed(compressBound(rows.size()), '\0');
  uLongf size = compressed.size();
  compress(reinterpret_cast<Bytef*>(compressed.data()), &size, reinterpret_cast<const Bytef*>(rows.data()), rows.size());
  compressed.resize(size);
  std::string png = "\x89PNG\r\n\x1a\n";
  png += Chunk("IHDR", BigEndian(width) + BigEndian(height) + std::string{8, colour_type, 0, 0, 0});
  if (!palette.empty()) png += Chunk("PLTE", palette);
  return png + Chunk("IDAT", compressed) + Chunk("IEND", "");
}

TEST(DecodePng, ReadsPalettes) {
  const std::string palette = {'\xFF', 0, 0, 0, 0, '\xFF'};  // red, blue
  const Image image = DecodePng(PngByHand(2, 1, 3, {0, 1, 0}, palette), "x");
  EXPECT_EQ(image.pixels, (std::vector<uint8_t>{0, 0, 255, 255, 0, 0}));
}

TEST(DecodePng, RefusesASizeBeyondTheLimits) {
  ExpectContains(FailureOf(PngByHand(65501, 1, 0, "\0")), "too large: 65501x1");
  ExpectContains(FailureOf(PngByHand(40000, 40000, 0, "\0")), "too large: 40000x40000");
  ExpectContains(FailureOf(PngByHand(0, 7, 0, "\0")), "empty image: 0x7");
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
  std::string broken_comment = Chunk("tEXt", "Comment");
  broken_comment.back() ^= 1;
  png.insert(33, Chunk("iCCP", "no colour profile at all") + broken_comment);
  EXPECT_EQ(DecodePng(png, "x").pixels, image.pixels);
}

TEST(DecodePng, NamesAFileWithoutAHeaderOrWithoutPixels) {
  const std::string magic = "\x89PNG\r\n\x1a\n";
  ExpectContains(FailureOf(magic + Chunk("IEND", "")), "no header");
  ExpectContains(FailureOf(magic + Chunk("IHDR", "") + Chunk("IEND", "")), "no header");
  const std::string header = Chunk("IHDR", BigEndian(1) + BigEndian(1) + std::string{8, 0, 0, 0, 0});
  ExpectContains(FailureOf(magic + header + Chunk("IEND", "")), "broken PNG image");
  ExpectContains(FailureOf(PngByHand(4, 4, 0, "too few")), "broken PNG image");
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
