#include "data/image/image_io.h"

#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "tests/data/pictures.h"
#include "tests/temporary_folder.h"

namespace deepmad::data {
namespace {

std::string FailureOf(const std::string& bytes) {
  return ErrorOf(base::ErrorKind::kFailed, [&] { DecodeImage(bytes, "folder/picture.png"); });
}

TEST(DecodeImage, ReadsJpegOfItsOwnWriting) {
  const Image image = SmoothPicture(24, 24, 3);
  const Image decoded = DecodeImage(EncodeJpeg(image), "x");
  ASSERT_EQ(decoded.pixels.size(), image.pixels.size());
  for (size_t i = 0; i < image.pixels.size(); ++i) EXPECT_NEAR(decoded.pixels[i], image.pixels[i], 6);
}

TEST(DecodeImage, NamesWhatIsNoImage) {
  ExpectContains(FailureOf("GIF89a"), "neither a JPEG nor a PNG image: folder/picture.png");
  ExpectContains(FailureOf(""), "empty file: folder/picture.png");
}

TEST(EncodeImage, LeavesItsArgumentAlone) {
  const Image image = NoisePicture(7, 5, 3);
  const std::vector<uint8_t> before = image.pixels;
  EncodePng(image);
  EncodeJpeg(image);
  EXPECT_EQ(image.pixels, before);
}

TEST(EncodeImage, WritesGreyJpegs) { EXPECT_EQ(DecodeImage(EncodeJpeg(SmoothPicture(8, 8, 1)), "x").channels, 1); }

TEST(ReadImage, GoesByContentAndNotByName) {
  const TemporaryFolder folder;
  const Image image = NoisePicture(3, 4, 3);
  EXPECT_EQ(ReadImage(folder.Write("really_a_png.JPEG", EncodePng(image))).pixels, image.pixels);
}

TEST(ReadImage, NamesAFileThatIsAbsentOrAFolder) {
  const TemporaryFolder folder;
  const std::string absent = folder.path() + "/absent.png";
  ExpectContains(ErrorOf(base::ErrorKind::kFailed, [&] { ReadImage(absent); }), absent);
  ExpectContains(ErrorOf(base::ErrorKind::kFailed, [&] { ReadImage(folder.path()); }), folder.path());
}

TEST(WriteImage, ChoosesTheFormatByExtension) {
  const TemporaryFolder folder;
  const Image image = SmoothPicture(10, 12, 3);
  WriteImage(folder.path() + "/a.PNG", image);
  WriteImage(folder.path() + "/a.jpeg", image);
  EXPECT_EQ(ReadImage(folder.path() + "/a.PNG").pixels, image.pixels);
  EXPECT_EQ(base::ReadFile(folder.path() + "/a.jpeg").substr(0, 3), "\xFF\xD8\xFF");
  ExpectContains(ErrorOf(base::ErrorKind::kUsage, [&] { WriteImage(folder.path() + "/a.gif", image); }), "unknown image format '.gif'");
  ExpectContains(ErrorOf(base::ErrorKind::kFailed, [&] { WriteImage(folder.path() + "/absent/a.png", image); }), "/absent/a.png");
}

}  // namespace
}  // namespace deepmad::data
