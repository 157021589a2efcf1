#include "data/dataset/unlabelled_images.h"

#include <gtest/gtest.h>

#include "data/image/image_io.h"
#include "tests/data/exif_writer.h"
#include "tests/temporary_folder.h"

namespace deepmad::data {
namespace {

TEST(PictureFiles, ABrokenPictureIsNamedAndTheOthersAreRead) {
  const TemporaryFolder folder;
  const Image whole = NoisePicture(12, 17, 3);
  const std::vector<std::string> names = {folder.Write("a.png", EncodePng(whole)), folder.Write("b.jpg", "no picture"),
                                          folder.Write("c.jpg", EncodeJpeg(whole).substr(0, 300)), folder.File("absent.png")};
  const PictureFiles files(names, false);
  EXPECT_EQ(files.Get(0).picture.Decode().pixels, whole.pixels);
  for (int64_t i = 1; i < 4; ++i) {
    EXPECT_FALSE(files.IsBroken(i));
    EXPECT_GT(files.Get(i).picture.size().height, 0);
    EXPECT_TRUE(files.IsBroken(i));
  }
  EXPECT_FALSE(files.IsBroken(0));
  const std::map<int64_t, std::string> broken = files.broken();
  ASSERT_EQ(broken.size(), 3u);
  ExpectContains(broken.at(1), "neither a JPEG nor a PNG image: " + names[1]);
  ExpectContains(broken.at(2), "broken JPEG image");
  ExpectContains(broken.at(3), names[3]);
}

TEST(PictureFiles, AreTurnedUprightWhereAsked) {
  const TemporaryFolder folder;
  const Image upright = NoisePicture(12, 17, 3);
  const std::string file = folder.Write("a.png", WithExif(EncodePng(Upright(upright, 8)), 6));
  EXPECT_EQ(PictureFiles({file}, true).Get(0).picture.Decode().pixels, upright.pixels);
  EXPECT_EQ(PictureFiles({file}, false).Get(0).picture.Decode().pixels, Upright(upright, 8).pixels);
}

}  // namespace
}  // namespace deepmad::data
