// A folder with one picture of every kind that is met in the wild or made to break the reader: the good ones have the right form, each bad
// one is named with its reason, by training (Get) and by `deepmad data check` alike, and the others are not lost.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "data/annotations/class_folders.h"
#include "data/dataset/dataset.h"
#include "data/dataset/dataset_check.h"
#include "data/image/image_io.h"
#include "tests/as_nobody.h"
#include "tests/data/jpeg_writer.h"
#include "tests/data/pictures.h"
#include "tests/data/png_writer.h"
#include "tests/temporary_folder.h"

namespace deepmad::data {
namespace {

namespace fs = std::filesystem;

struct GoodPicture {
  std::string name;
  std::string bytes;
  int height, width, channels;
};

std::string Jpeg(int height, int width, int components, const JpegForm& form = {}) {
  return WriteJpeg(height, width, components, NoisePicture(height, width, components).pixels, form);
}

std::vector<GoodPicture> GoodPictures() {
  const JpegForm cmyk{JCS_CMYK, JCS_CMYK, false, true}, ycck{JCS_CMYK, JCS_YCCK, false, true}, grey{JCS_GRAYSCALE, JCS_GRAYSCALE};
  return {
      {"1x1.jpg", Jpeg(1, 1, 3), 1, 1, 3},
      {"1x1.png", EncodePng(NoisePicture(1, 1, 1)), 1, 1, 1},
      {"16-bit.png", PngByHand(1, 1, {16, 2}, std::string(7, '\0')), 1, 1, 3},
      {"16-bit-grey-alpha.png", PngByHand(1, 1, {16, 4}, std::string(5, '\0')), 1, 1, 1},
      {"30000-wide.jpg", Jpeg(2, 30000, 1, grey), 2, 30000, 1},
      {"30000-high.png", PngByHand(1, 30000, {1, 0}, std::string(60000, '\0')), 30000, 1, 1},
      {"a jpeg called.png", Jpeg(5, 4, 3), 5, 4, 3},
      {"cmyk.jpg", Jpeg(9, 8, 4, cmyk), 9, 8, 3},
      {"no extension", EncodePng(NoisePicture(3, 2, 3)), 3, 2, 3},
      {"progressive.jpg", Jpeg(20, 30, 3, {JCS_RGB, JCS_YCbCr, true}), 20, 30, 3},
      {"ycck.jpg", Jpeg(9, 8, 4, ycck), 9, 8, 3},
  };
}

struct BadPicture {
  std::string name;
  std::string bytes;
  const char* reason;
};

std::vector<BadPicture> BadPictures() {
  const std::string jpeg = Jpeg(40, 40, 3), png = EncodePng(NoisePicture(40, 40, 3));
  std::string flipped = png;
  flipped[png.size() / 2] ^= 1;
  return {
      {"empty.jpg", "", "empty file"},
      {"gif.jpg", "GIF89a and so on", "neither a JPEG nor a PNG"},
      {"half.jpg", jpeg.substr(0, jpeg.size() / 2), "broken JPEG image"},
      {"half.png", png.substr(0, png.size() / 2), "ends early"},
      {"header only.jpg", jpeg.substr(0, 20), "broken JPEG image"},
      {"header only.png", PngHeader(40, 40), "ends early"},
      {"huge.png", PngHeader(30000, 30000), "too large: 30000x30000"},
      {"flipped bit.png", flipped, "broken PNG image: IDAT"},
      {"page.jpg", "<!DOCTYPE html><html>404 Not Found</html>", "neither a JPEG nor a PNG"},
      {"text.png", "\x89PNG\r\n\x1a\nand then no chunk, only text", "no header"},
  };
}

class PictureFolder : public testing::Test {
 protected:
  void SetUp() override {
    for (const GoodPicture& picture : GoodPictures()) root_.Write("train/a/" + picture.name, picture.bytes);
    for (const BadPicture& picture : BadPictures()) root_.Write("train/b/" + picture.name, picture.bytes);
    // Links that lead nowhere, round in a circle, or to a file that opens but cannot be read.
    fs::create_symlink("absent.jpg", Path("b/link to nothing.jpg"));
    fs::create_symlink("circle 2.jpg", Path("b/circle 1.jpg"));
    fs::create_symlink("circle 1.jpg", Path("b/circle 2.jpg"));
    fs::create_symlink("/proc/self/mem", Path("b/unreadable.jpg"));
    links_ = {{"link to nothing.jpg", "", "No such file"},
              {"circle 1.jpg", "", "Too many levels of symbolic links"},
              {"circle 2.jpg", "", "Too many levels of symbolic links"},
              {"unreadable.jpg", "", "cannot read the file: Input/output error"}};
    // What is no picture and no mistake either.
    fs::create_symlink("..", Path("a/link to the folder above"));
    ASSERT_EQ(::mkfifo(Path("a/pipe.jpg").c_str(), 0600), 0);
    dataset_ = DatasetRegistry::Get().Create("image_folder", base::Config::FromText("root: " + root_.path()), Split::kTrain);
  }
  std::string Path(const std::string& name) const { return root_.path() + "/train/" + name; }
  int64_t IndexOf(const std::string& path) const {
    for (int64_t i = 0; i < dataset_->size(); ++i) {
      if (dataset_->source(i) == path) return i;
    }
    ADD_FAILURE() << path << " is not in the set";
    return 0;
  }
  std::vector<BadPicture> AllBad() const {
    std::vector<BadPicture> all = BadPictures();
    all.insert(all.end(), links_.begin(), links_.end());
    return all;
  }

  TemporaryFolder root_;
  std::vector<BadPicture> links_;
  std::unique_ptr<Dataset> dataset_;
};

TEST_F(PictureFolder, EveryFormIsReadAndEveryDefectNamed) {
  EXPECT_EQ(dataset_->size(), static_cast<int64_t>(GoodPictures().size() + AllBad().size()));
  for (const GoodPicture& picture : GoodPictures()) {
    const Image image = dataset_->Get(IndexOf(Path("a/" + picture.name))).picture.Decode();
    EXPECT_EQ(std::tuple(image.height, image.width, image.channels), std::tuple(picture.height, picture.width, picture.channels))
        << picture.name;
  }
  for (const BadPicture& picture : AllBad()) {
    SCOPED_TRACE(picture.name);
    const std::string path = Path("b/" + picture.name);
    const std::string message = ErrorOf(base::ErrorKind::kFailed, [&] { dataset_->Get(IndexOf(path)).picture.Decode(); });
    ExpectContains(message, picture.reason);
    ExpectContains(message, path);
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
}

TEST_F(PictureFolder, WhatMayNotBeReadIsNamed) {
  const std::string picture = Path("a/1x1.png"), folder = Path("b");
  fs::permissions(root_.path(), fs::perms::all);
  fs::permissions(picture, fs::perms::none);
  fs::permissions(folder, fs::perms::none);
  std::vector<std::string> messages;
  {
    const AsNobody nobody;
    messages.push_back(ErrorOf(base::ErrorKind::kFailed, [&] { dataset_->Get(IndexOf(picture)); }));
    messages.push_back(ErrorOf(base::ErrorKind::kFailed, [&] { ListClassFiles(root_.path() + "/train", {"a", "b"}); }));
    messages.push_back(ErrorOf(base::ErrorKind::kFailed, [&] { ListClasses(folder); }));
  }
  fs::permissions(folder, fs::perms::all);  // so that it can be removed
  ExpectContains(messages[0], "Permission denied: " + picture + ": check the permissions");
  ExpectContains(messages[1], "cannot list: Permission denied: " + folder);
  ExpectContains(messages[2], "cannot list: Permission denied: " + folder);
}

TEST_F(PictureFolder, TheCheckListsTheBadOnesAndCountsTheOthers) {
  const CheckResult result = CheckDataset(*dataset_, 2);
  EXPECT_EQ(result.samples, dataset_->size());
  ASSERT_EQ(result.broken.size(), AllBad().size());
  for (const BrokenSample& broken : result.broken) EXPECT_TRUE(broken.source.starts_with(Path("b/"))) << broken.source;
  EXPECT_EQ(std::tuple(result.min_height, result.max_height, result.min_width, result.max_width), std::tuple(1, 30000, 1, 30000));
}

}  // namespace
}  // namespace deepmad::data
