#include "data/image/exif.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

#include "data/image/image_io.h"
#include "data/image/lazy_image.h"
#include "tests/data/exif_writer.h"

namespace deepmad::data {
namespace {

Image Letters(int height, int width, const std::string& letters) {
  Image image(height, width, 1);
  image.pixels.assign(letters.begin(), letters.end());
  return image;
}

Picture PictureOf(const std::string& file) {
  const auto content = std::make_shared<const std::string>(file);
  return Picture::Encoded(*content, content, "photo");
}

// The stored rows are abc and def.
constexpr std::array<const char*, 9> kUpright = {"", "abcdef", "cbafed", "fedcba", "defabc", "adbecf", "daebfc", "fcebda", "cfbead"};

TEST(Exif, TurnsAllEightOrientationsUpright) {
  const Image stored = Letters(2, 3, "abcdef");
  for (int orientation = 1; orientation <= 8; ++orientation) {
    SCOPED_TRACE(orientation);
    const Image upright = Upright(stored, orientation);
    EXPECT_EQ(std::string(upright.pixels.begin(), upright.pixels.end()), kUpright[static_cast<size_t>(orientation)]);
    EXPECT_EQ((Size{upright.height, upright.width}), UprightSize({2, 3}, orientation));
    EXPECT_EQ(upright.height, orientation >= 5 ? 3 : 2);
  }
  const Image colour = Upright(NoisePicture(4, 5, 3), 6);
  EXPECT_EQ(colour.row(0)[3 * 3 + 1], NoisePicture(4, 5, 3).row(0)[1]) << "the first pixel is the last of the first row";
}

TEST(Exif, IsReadFromJpegAndPngInBothByteOrders) {
  for (const std::string& file : {EncodeJpeg(NoisePicture(9, 7, 3)), EncodePng(NoisePicture(9, 7, 3))}) {
    EXPECT_EQ(ExifOrientation(file), 1);
    for (const bool big_endian : {true, false}) {
      for (int orientation = 1; orientation <= 8; ++orientation)
        EXPECT_EQ(ExifOrientation(WithExif(file, orientation, big_endian)), orientation);
      EXPECT_EQ(ExifOrientation(WithExif(file, 0, big_endian)), 1);
      EXPECT_EQ(ExifOrientation(WithExif(file, 9, big_endian)), 1);
    }
  }
}

TEST(Exif, OfADamagedFileIsUprightOrRead) {
  for (const std::string& file : {WithExif(EncodeJpeg(NoisePicture(9, 7, 3)), 6), WithExif(EncodePng(NoisePicture(9, 7, 3)), 6)}) {
    for (size_t length = 0; length < 120; ++length) {
      const int orientation = ExifOrientation(file.substr(0, length));
      EXPECT_TRUE(orientation == 1 || orientation == 6) << length;
    }
    for (size_t at = 2; at < 90; ++at) {
      std::string changed = file;
      changed[at] = '\xFF';
      const int orientation = ExifOrientation(changed);
      EXPECT_TRUE(orientation >= 1 && orientation <= 8) << at;
    }
  }
}

TEST(Exif, ATurnedPictureIsUprightInSizePixelsAndParts) {
  const Image stored = Letters(2, 3, "abcdef");
  const std::string png = EncodePng(stored);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    SCOPED_TRACE(orientation);
    const Picture file = PictureOf(WithExif(png, orientation)), picture = file.TurnedUpright();
    EXPECT_EQ(file.Decode().pixels, stored.pixels) << "not turned without being asked";
    EXPECT_EQ(file.size(), (Size{2, 3}));
    EXPECT_EQ(picture.exif_orientation(), orientation);
    EXPECT_EQ(picture.size(), UprightSize({2, 3}, orientation));
    const Image upright = picture.Decode();
    EXPECT_EQ(std::string(upright.pixels.begin(), upright.pixels.end()), kUpright[static_cast<size_t>(orientation)]);
    const PicturePart part = picture.Read({1, 1, 1, 1});
    EXPECT_EQ(*part.view.row(0), upright.row(1)[1]);
    EXPECT_EQ(picture.encoded().empty(), orientation != 1) << "the content alone would not be this picture";
  }
}

}  // namespace
}  // namespace deepmad::data
