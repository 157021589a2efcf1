#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "data/dataset/dataset.h"
#include "data/dataset/dataset_check.h"
#include "tests/data/miniatures.h"

namespace deepmad::data {
namespace {

std::unique_ptr<Dataset> Open(const std::string& root, Split split, const std::string& keys = "") {
  return DatasetRegistry::Get().Create("image_folder", base::Config::FromText("root: " + root + "\n" + keys), split);
}

TEST(ImageFolder, LabelsPicturesByTheRankOfTheirFolder) {
  const TemporaryFolder folder;
  MakeImageFolderMiniature(folder);
  const auto train = Open(folder.path(), Split::kTrain);
  EXPECT_EQ(train->class_names(), (std::vector<std::string>{"ant", "bee", "cat"}));
  EXPECT_EQ(train->size(), 12);
  EXPECT_EQ(train->source(6), folder.path() + "/train/bee/2.png");
  const Sample sample = train->Get(6);
  EXPECT_EQ(sample.label, 1);
  EXPECT_EQ(sample.picture.Decode().pixels, SmoothPicture(22, 28, 3).pixels);
  EXPECT_EQ(Open(folder.path(), Split::kValidation)->size(), 6);
}

TEST(ImageFolder, CachesDecodedPicturesUnlessToldNotTo) {
  const TemporaryFolder folder;
  MakeImageFolderMiniature(folder);
  const auto cached = Open(folder.path(), Split::kTrain), uncached = Open(folder.path(), Split::kTrain, "cache: none");
  const std::vector<uint8_t> pixels = cached->Get(0).picture.Decode().pixels;
  EXPECT_EQ(uncached->Get(0).picture.Decode().pixels, pixels);
  folder.Write("train/ant/0.JPEG", "overwritten");
  EXPECT_EQ(cached->Get(0).picture.Decode().pixels, pixels);
  EXPECT_THROW(uncached->Get(0), base::Error);
}

TEST(ImageFolder, NamesABrokenPicture) {
  const TemporaryFolder folder;
  MakeImageFolderMiniature(folder);
  const std::string path = folder.Write("train/bee/1.JPEG", "not a picture");
  const auto train = Open(folder.path(), Split::kTrain);
  ExpectContains(ErrorOf(base::ErrorKind::kFailed, [&] { train->Get(5); }), path);
}

TEST(ImageFolder, RefusesSplitsWithDifferentClasses) {
  const TemporaryFolder folder;
  MakeImageFolderMiniature(folder);
  folder.Write("val/dog/1.png", EncodePng(NoisePicture(3, 3, 3)));
  for (const Split split : {Split::kTrain, Split::kValidation}) {
    const std::string message = ErrorOf(base::ErrorKind::kUsage, [&] { Open(folder.path(), split); });
    ExpectContains(message, "train and val have different classes: 'dog' is only in one of them (1 such in all): " + folder.path());
  }
}

TEST(ImageFolder, ValidatesWithoutATrainingFolder) {
  const TemporaryFolder folder;
  MakeImageFolderMiniature(folder);
  std::filesystem::remove_all(folder.path() + "/train");
  EXPECT_EQ(Open(folder.path(), Split::kValidation)->size(), 6);
  ExpectContains(ErrorOf(base::ErrorKind::kUsage, [&] { Open(folder.path(), Split::kTrain); }),
                 "no such folder: " + folder.path() + "/train");
}

TEST(ImageFolder, NamesAWrongCacheMode) {
  const TemporaryFolder folder;
  ExpectContains(ErrorOf(base::ErrorKind::kUsage, [&] { Open(folder.path(), Split::kTrain, "cache: all"); }), "cache");
}

class RealImages : public testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("DEEPMAD_TEST_DATA");
    if (!folder) GTEST_SKIP() << "DEEPMAD_TEST_DATA is not set";
    folder_ = folder;
  }
  std::string folder_;
};

TEST_F(RealImages, ImagenetMiniValidationDecodesWhole) {
  const auto dataset = Open(folder_ + "/imagenet-mini", Split::kValidation, "cache: none");
  const CheckResult result = CheckDataset(*dataset, 2);
  EXPECT_EQ(result.class_counts, std::vector<int64_t>(10, 30));
  EXPECT_EQ(result.grey, 8);
  EXPECT_EQ(std::tuple(result.min_height, result.max_height), std::tuple(224, 224));
  EXPECT_TRUE(result.broken.empty());
}

TEST_F(RealImages, FullSizeImagenetDecodesWhole) {
  const CheckResult result = CheckDataset(*Open(folder_ + "/imagenet-fullsize", Split::kValidation, "cache: none"), 2);
  EXPECT_EQ(result.samples, 40);
  EXPECT_EQ(result.grey, 5);
  EXPECT_EQ(result.max_width, 964);
  EXPECT_TRUE(result.broken.empty());
}

TEST_F(RealImages, CifarMiniHasItsClasses) {
  const auto dataset = Open(folder_ + "/cifar10-mini", Split::kTrain);
  EXPECT_EQ(dataset->size(), 5000);
  EXPECT_EQ(dataset->class_names().front(), "airplane");
  const Image image = dataset->Get(4999).picture.Decode();
  EXPECT_EQ(std::tuple(image.height, image.width, image.channels), std::tuple(32, 32, 3));
}

}  // namespace
}  // namespace deepmad::data
