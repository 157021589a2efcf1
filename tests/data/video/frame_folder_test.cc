#include "data/video/frame_folder.h"

#include <gtest/gtest.h>

#include "data/image/image_io.h"
#include "tests/data/pictures.h"
#include "tests/temporary_folder.h"

namespace deepmad::data {
namespace {

Image Grey(int level) {
  Image image(20, 30, 1);
  std::fill(image.pixels.begin(), image.pixels.end(), static_cast<uint8_t>(level));
  return image;
}

TEST(FrameFolder, NumbersFramesFromItsFileOne) {
  const TemporaryFolder folder;
  for (int i = 1; i <= 12; ++i)
    folder.Write("img_000" + std::string(i < 10 ? "0" : "") + std::to_string(i) + ".jpg", EncodeJpeg(Grey(10 * i), 100));
  for (const char* other : {"img_1.jpg", "img_000a1.jpg", "flow_00001.jpg", "img_00001.png", "notes.txt", "img_00000.jpg"})
    folder.Write(other, "x");
  const auto frames = OpenFrames(folder.path());
  ASSERT_EQ(frames->count(), 12);
  EXPECT_EQ(frames->fps(), 0);
  const std::vector<Image> images = ReadFrames(*frames, {11, 0, 4, 0});
  for (const auto& [position, level] : {std::pair{0, 120}, {1, 10}, {2, 50}, {3, 10}}) {
    EXPECT_EQ(images[position].channels, 3);
    EXPECT_EQ(images[position].pixels[0], level);
  }
}

TEST(FrameFolder, NamesWhatIsMissingOrBroken) {
  const TemporaryFolder folder;
  ExpectContains(ErrorOf(base::ErrorKind::kFailed, [&] { FrameFolder(folder.path()); }), "a folder without a frame: " + folder.path());
  ExpectContains(ErrorOf(base::ErrorKind::kFailed, [&] { FrameFolder(folder.path() + "/none"); }), "cannot list");
  folder.Write("img_00001.jpg", EncodeJpeg(Grey(1)));
  folder.Write("img_00003.jpg", EncodeJpeg(Grey(1)));
  ExpectContains(ErrorOf(base::ErrorKind::kFailed, [&] { FrameFolder(folder.path()); }), "img_00002.jpg");
  folder.Write("img_00002.jpg", EncodeJpeg(SmoothPicture(10, 10, 3)));
  FrameFolder frames(folder.path());
  ExpectContains(ErrorOf(base::ErrorKind::kFailed, [&] { ReadFrames(frames, {0, 1}); }), "a frame of 10 x 10 among frames of 30 x 20");
  folder.Write("img_00003.jpg", "no picture");
  ExpectContains(ErrorOf(base::ErrorKind::kFailed, [&] { ReadFrames(frames, {2}); }), "img_00003.jpg");
}

}  // namespace
}  // namespace deepmad::data
