#include "data/image/jpeg_decoder.h"

#include <gtest/gtest.h>

#include "data/image/image_io.h"
#include "tests/data/jpeg_writer.h"
#include "tests/data/pictures.h"

namespace deepmad::data {
namespace {

int LargestDifference(const Image& a, const Image& b) {
  EXPECT_EQ(std::tuple(a.height, a.width, a.channels), std::tuple(b.height, b.width, b.channels));
  int largest = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i) largest = std::max(largest, std::abs(a.pixels[i] - b.pixels[i]));
  return largest;
}

std::string SmoothJpeg(const JpegForm& form = {}) {
  const Image image = SmoothPicture(40, 33, 3);
  return WriteJpeg(40, 33, 3, image.pixels, form);
}

std::string FailureOf(const std::string& bytes) {
  return ErrorOf(base::ErrorKind::kFailed, [&] { DecodeJpeg(bytes, "folder/broken.JPEG"); });
}

TEST(DecodeJpeg, ReadsColour) { EXPECT_LE(LargestDifference(DecodeJpeg(SmoothJpeg(), "x"), SmoothPicture(40, 33, 3)), 4); }

TEST(DecodeJpeg, ReadsProgressiveFiles) {
  JpegForm form;
  form.progressive = true;
  EXPECT_EQ(DecodeJpeg(SmoothJpeg(form), "x").pixels, DecodeJpeg(SmoothJpeg(), "x").pixels);
}

TEST(DecodeJpeg, KeepsGreyAsOneChannel) {
  const Image grey = SmoothPicture(9, 20, 1);
  const Image decoded = DecodeJpeg(WriteJpeg(9, 20, 1, grey.pixels, {JCS_GRAYSCALE, JCS_GRAYSCALE}), "x");
  EXPECT_LE(LargestDifference(decoded, grey), 2);
}

TEST(DecodeJpeg, ReadsOnePixel) {
  const Image decoded = DecodeJpeg(WriteJpeg(1, 1, 3, {200, 100, 50}, {}), "x");
  ASSERT_EQ(decoded.pixels.size(), 3u);
  EXPECT_NEAR(decoded.pixels[0], 200, 3);
  EXPECT_NEAR(decoded.pixels[1], 100, 3);
  EXPECT_NEAR(decoded.pixels[2], 50, 3);
}

// 8x8 pixels of one colour, so that compression changes nothing.
Image DecodeInks(const std::vector<uint8_t>& inks, const JpegForm& form) {
  std::vector<uint8_t> pixels;
  for (int i = 0; i < 64; ++i) pixels.insert(pixels.end(), inks.begin(), inks.end());
  return DecodeJpeg(WriteJpeg(8, 8, 4, pixels, form), "x");
}

TEST(DecodeJpeg, ConvertsInvertedInksOfAdobe) {
  for (const J_COLOR_SPACE stored : {JCS_CMYK, JCS_YCCK}) {
    // 255 is no ink: a third of the red is covered, and no black.
    const Image red = DecodeInks({170, 255, 255, 255}, {JCS_CMYK, stored, false, true});
    ASSERT_EQ(red.channels, 3);
    EXPECT_NEAR(red.pixels[0], 170, 2);
    EXPECT_NEAR(red.pixels[1], 255, 2);
    EXPECT_NEAR(red.pixels[2], 255, 2);
    // Half black over full yellow.
    const Image dark = DecodeInks({255, 255, 0, 128}, {JCS_CMYK, stored, false, true});
    EXPECT_NEAR(dark.pixels[0], 128, 2);
    EXPECT_NEAR(dark.pixels[1], 128, 2);
    EXPECT_NEAR(dark.pixels[2], 0, 2);
  }
}

TEST(DecodeJpeg, ConvertsPlainInksWithoutAdobesMarker) {
  const Image image = DecodeInks({85, 0, 255, 0}, {JCS_CMYK, JCS_CMYK, false, false});
  EXPECT_NEAR(image.pixels[0], 170, 1);
  EXPECT_NEAR(image.pixels[1], 255, 1);
  EXPECT_NEAR(image.pixels[2], 0, 1);
}

TEST(DecodeJpeg, NamesAFileThatEndsEarlyWhereverItWasCut) {
  for (const bool progressive : {false, true}) {
    JpegForm form;
    form.progressive = progressive;
    const std::string whole = SmoothJpeg(form);
    for (size_t size = 3; size + 2 < whole.size(); size += 37) {
      ExpectContains(FailureOf(whole.substr(0, size)), "folder/broken.JPEG");
    }
  }
}

TEST(DecodeJpeg, NamesAFileWithAHoleInItsData) {
  const Image noise = NoisePicture(64, 64, 3);
  std::string bytes = WriteJpeg(64, 64, 3, noise.pixels, {});
  bytes.erase(bytes.size() / 2, bytes.size() * 9 / 20);
  ExpectContains(FailureOf(bytes), "broken JPEG image: Corrupt JPEG data: premature end of data segment: folder/broken.JPEG");
}

TEST(DecodeJpeg, AcceptsStrayBytesBeforeAMarker) {
  std::string bytes = SmoothJpeg();
  bytes.insert(bytes.size() - 2, std::string(5, '\0'));
  EXPECT_EQ(DecodeJpeg(bytes, "x").pixels, DecodeJpeg(SmoothJpeg(), "x").pixels);
}

TEST(DecodeJpeg, RefusesASizeBeyondTheLimitBeforeAllocatingIt) {
  std::string bytes = SmoothJpeg();
  const size_t frame = bytes.find("\xFF\xC0");
  ASSERT_NE(frame, std::string::npos);
  bytes.replace(frame + 5, 4, "\xFF\x00\xFF\x00", 4);  // height and width 65280
  ExpectContains(FailureOf(bytes), "too large");
}

TEST(DecodeJpeg, ReadsThirtyThousandPixelsASide) {
  const Image wide = DecodeJpeg(WriteJpeg(8, 30000, 1, std::vector<uint8_t>(240000, 90), {JCS_GRAYSCALE, JCS_GRAYSCALE}), "x");
  EXPECT_EQ(std::tuple(wide.height, wide.width), std::tuple(8, 30000));
  EXPECT_EQ(wide.pixels.back(), 90);
  const Image high = DecodeJpeg(WriteJpeg(30000, 8, 1, std::vector<uint8_t>(240000, 90), {JCS_GRAYSCALE, JCS_GRAYSCALE}), "x");
  EXPECT_EQ(std::tuple(high.height, high.width), std::tuple(30000, 8));
}

TEST(DecodeJpeg, BelievesNoSizeThatTheFileIsTooShortFor) {
  std::string bytes = SmoothJpeg();
  bytes.replace(bytes.find("\xFF\xC0") + 5, 4, "\x40\x00\x40\x00", 4);  // height and width 16384
  ExpectContains(FailureOf(bytes), "too short for its size in pixels: folder/broken.JPEG");
}

// Position of the first segment with this marker, and of the byte behind it.
std::pair<size_t, size_t> Segment(const std::string& bytes, const std::string& marker) {
  const size_t begin = bytes.find(marker);
  const size_t length = static_cast<uint8_t>(bytes.at(begin + 2)) << 8 | static_cast<uint8_t>(bytes.at(begin + 3));
  return {begin, begin + 2 + length};
}

TEST(DecodeJpeg, RefusesAFileOfEndlessScans) {
  JpegForm form;
  form.scan_per_coefficient = true;
  ExpectContains(FailureOf(SmoothJpeg(form)), "more than 100 scans: folder/broken.JPEG");
}

TEST(DecodeJpeg, NamesEveryDefect) {
  const std::string whole = SmoothJpeg();
  const auto without = [&](const char* marker) {
    std::string bytes = whole;
    const auto [begin, end] = Segment(bytes, marker);
    return bytes.erase(begin, end - begin);
  };
  const auto with = [&](const char* marker, size_t offset, char value) {
    std::string bytes = whole;
    bytes[Segment(bytes, marker).first + offset] = value;
    return bytes;
  };
  const struct {
    const char* name;
    std::string bytes;
    const char* message;
  } cases[] = {
      {"nothing but magic", "\xFF\xD8\xFF", "Premature end"},
      {"no frame", without("\xFF\xC0"), "SOF"},
      {"no quantisation table", without("\xFF\xDB"), "Quantization table"},
      {"12 bits a sample", with("\xFF\xC0", 4, 12), "precision 12"},
      {"two components", with("\xFF\xC0", 9, 2), "broken JPEG image"},
      {"a sampling factor of 5", with("\xFF\xC0", 11, 0x51), "sampling factors"},
      {"lossless coding", with("\xFF\xC0", 1, '\xC3'), "Unsupported JPEG process"},
      {"no height",
       [&] {
         std::string bytes = whole;
         return bytes.replace(Segment(bytes, "\xFF\xC0").first + 5, 2, 2, '\0');
       }(),
       "broken JPEG image"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    testing::internal::CaptureStderr();
    const std::string message = FailureOf(c.bytes);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "") << "libjpeg itself prints nothing";
    ExpectContains(message, c.message);
    ExpectContains(message, "folder/broken.JPEG");
  }
}

TEST(DecodeJpeg, SurvivesEveryDamagedByte) {
  const std::string whole = SmoothJpeg();
  for (size_t i = 3; i < whole.size(); ++i) {
    std::string bytes = whole;
    bytes[i] = static_cast<char>(bytes[i] ^ 0x55);
    try {
      const Image image = DecodeJpeg(bytes, "x");
      EXPECT_EQ(image.pixels.size(), static_cast<size_t>(image.height) * image.width * image.channels);
    } catch (const base::Error& e) {
      EXPECT_EQ(e.kind(), base::ErrorKind::kFailed);
    }
  }
}

}  // namespace
}  // namespace deepmad::data
