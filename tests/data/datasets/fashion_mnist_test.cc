#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "data/dataset/dataset.h"
#include "tests/data/miniatures.h"

namespace deepmad::data {
namespace {

std::unique_ptr<Dataset> Open(const std::string& section, Split split) {
  return DatasetRegistry::Get().Create("fashion_mnist", base::Config::FromText(section), split);
}

TEST(FashionMnist, ReadsPicturesAndLabelsOfEachSplit) {
  const TemporaryFolder folder;
  const std::string section = MakeFashionMiniature(folder);
  const auto train = Open(section, Split::kTrain);
  EXPECT_EQ(train->size(), 12);
  EXPECT_EQ(train->Get(11).picture.Decode().pixels, NoisePicture(28, 28, 1, 11).pixels);
  EXPECT_EQ(train->Get(11).label, 1);
  EXPECT_EQ(train->source(11), folder.path() + "/train-images-idx3-ubyte#11");
  EXPECT_EQ(train->class_names()[9], "Ankle boot");
  EXPECT_EQ(Open(section, Split::kValidation)->size(), 7);
}

TEST(FashionMnist, ReadsDebiansPackage) {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist")) GTEST_SKIP() << "the package dataset-fashion-mnist is not installed";
  const auto dataset = Open("{}", Split::kValidation);
  ASSERT_EQ(dataset->size(), 10000);
  std::vector<int> counts(10);
  for (int64_t i = 0; i < dataset->size(); ++i) ++counts[dataset->label(i)];
  EXPECT_EQ(counts, std::vector<int>(10, 1000));
  const Image first = dataset->Get(0).picture.Decode();
  EXPECT_EQ(std::tuple(first.height, first.width, first.channels), std::tuple(28, 28, 1));
  EXPECT_EQ(dataset->label(0), 9);
  EXPECT_GT(*std::max_element(first.pixels.begin(), first.pixels.end()), 200);
}

TEST(FashionMnist, NamesTheMissingFileAndThePackage) {
  const TemporaryFolder folder;
  const std::string message = ErrorOf(base::ErrorKind::kUsage, [&] { Open("root: " + folder.path(), Split::kTrain); });
  ExpectContains(message, "no file train-labels-idx1-ubyte");
  ExpectContains(message, folder.path());
  ExpectContains(message, "dataset-fashion-mnist");
}

TEST(FashionMnist, RefusesFilesThatDoNotFitTogether) {
  const TemporaryFolder folder;
  const std::string section = MakeFashionMiniature(folder);
  folder.Write("train-labels-idx1-ubyte", IdxFile({11}, std::string(11, '\0')));
  ExpectContains(ErrorOf(base::ErrorKind::kFailed, [&] { Open(section, Split::kTrain); }), "11 labels for 12 images");
  folder.Write("train-labels-idx1-ubyte", IdxFile({12}, std::string(11, '\0') + '\x0A'));
  ExpectContains(ErrorOf(base::ErrorKind::kFailed, [&] { Open(section, Split::kTrain); }), "label 10 is not in 0..9");
  folder.Write("train-labels-idx1-ubyte", IdxFile({0}, ""));
  folder.Write("train-images-idx3-ubyte", IdxFile({0, 28, 28}, ""));
  ExpectContains(ErrorOf(base::ErrorKind::kFailed, [&] { Open(section, Split::kTrain); }), "no images");
  folder.Write("train-images-idx3-ubyte", "broken");
  ExpectContains(ErrorOf(base::ErrorKind::kFailed, [&] { Open(section, Split::kTrain); }), "train-images-idx3-ubyte");
}

}  // namespace
}  // namespace deepmad::data
