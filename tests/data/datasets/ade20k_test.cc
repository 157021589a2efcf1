#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "data/dataset/class_use.h"
#include "data/dataset/dataset_check.h"
#include "data/inputs/open_datasets.h"
#include "tests/data/exif_writer.h"
#include "tests/data/miniatures.h"

namespace deepmad::data {
namespace {

class Ade20kTest : public testing::Test {
 protected:
  void SetUp() override { keys_ = MakeAde20kMiniature(folder_); }
  std::unique_ptr<Dataset> Open(const std::string& more = "") {
    return DatasetRegistry::Get().Create("ade20k", base::Config::FromText(keys_ + more, "run.yaml"), Split::kTrain);
  }
  std::string FailureOf(int64_t index) {
    return ErrorOf(base::ErrorKind::kFailed, [&] { Open()->Get(index); });
  }
  TemporaryFolder folder_;
  std::string keys_;
};

TEST_F(Ade20kTest, PairsPicturesWithTheirLabels) {
  const auto set = Open();
  ASSERT_EQ(set->size(), 5);
  const Sample sample = set->Get(1);
  EXPECT_EQ(sample.source, folder_.File("images/training/1.jpg"));
  EXPECT_EQ(sample.label, kNoWholeLabel);
  EXPECT_EQ(sample.label_map->row(0)[5], 0) << "stored as 1";
  EXPECT_EQ(Open("label_numbering: from_zero\n")->class_names()[0], "class 0");
  EXPECT_EQ(set->Get(0).label_map->row(0)[0], 255) << "stored as 0";
}

TEST_F(Ade20kTest, TakesTheNamesOfTheBenchmarksList) {
  EXPECT_EQ(Open()->class_names().front(), "class 1");
  const std::string list = "Idx\tName\n1\twall\n2\tb\n3\tc\n4\td\n5\te\n6\tf\n7\tsky\n";
  folder_.Write("objectInfo7.txt", list);
  EXPECT_EQ(Open()->class_names().back(), "sky");
  const std::string own = folder_.Write("own.txt", "1\n2\n3\n4\n5\n6\nseven\n");
  EXPECT_EQ(Open("class_names: " + own)->class_names().back(), "seven");
  folder_.Write("own.txt", "wall\n");
  ExpectContains(ErrorOf(base::ErrorKind::kUsage, [&] { Open("class_names: " + own); }), "1 names for 7 classes: " + own);
}

TEST_F(Ade20kTest, LabelsLieOnTheUprightPicture) {
  const Image upright = Open()->Get(1).picture.Decode();
  folder_.Write("images/training/1.jpg", WithExif(EncodePng(Upright(upright, 8)), 6));
  EXPECT_EQ(Open()->Get(1).picture.Decode().pixels, upright.pixels);
  folder_.Write("images/training/1.jpg", WithExif(EncodePng(upright), 6));
  ExpectContains(FailureOf(1), "turned upright as its EXIF orientation says");
}

TEST_F(Ade20kTest, MasksOfZeroAnd255GetAHint) {
  for (int i = 0; i < 5; ++i) {
    Image map(21 + i, 30 - 2 * i, 1);
    map.pixels[0] = 255;
    folder_.Write("annotations/training/" + std::to_string(i) + ".png", EncodePng(map));
  }
  const auto from_zero = Open("label_numbering: from_zero\n"), from_one = Open();
  EXPECT_EQ(UseOfClasses(*from_zero).counts, (std::vector<int64_t>{5, 0, 0, 0, 0, 0, 0}));
  for (const std::string& text : {DescribeUnused(*from_zero, UseOfClasses(*from_zero)), CheckDataset(*from_zero, 2).unused_classes,
                                  DescribeUnused(*from_zero, UseOfClasses(*from_zero, 2))}) {
    ExpectContains(text, "6 of 7 classes without a pixel: 'class 1', 'class 2'");
    ExpectContains(text, "255 is no class");
  }
  ExpectContains(DescribeUnused(*from_zero, UseOfClasses(*from_zero, 2)), "(in 2 of 5 label maps)");
  ExpectContains(DescribeUnused(*from_one, UseOfClasses(*from_one)), "7 of 7 classes without a pixel: 'class 1'");
  ExpectContains(DescribeUnused(*from_one, UseOfClasses(*from_one)), "255 is no class");
}

TEST_F(Ade20kTest, AClassWithoutAPixelIsNamedWhereAllMapsWereRead) {
  for (int i = 0; i < 5; ++i) {
    Image map(21 + i, 30 - 2 * i, 1);
    for (size_t at = 0; at < map.pixels.size(); ++at) map.pixels[at] = static_cast<uint8_t>(at % 7);  // 7 is never there
    folder_.Write("annotations/training/" + std::to_string(i) + ".png", EncodePng(map));
  }
  const auto set = Open();
  EXPECT_EQ(DescribeUnused(*set, UseOfClasses(*set)), "1 of 7 classes without a pixel: 'class 7'");
  EXPECT_EQ(CheckDataset(*set, 2).unused_classes, "1 of 7 classes without a pixel: 'class 7'");
  EXPECT_EQ(DescribeUnused(*set, UseOfClasses(*set, 3)), "") << "rare classes are rare";
}

TEST_F(Ade20kTest, TakesOtherNamesOfFolders) {
  EXPECT_EQ(Open("training_folder: validation\n")->size(), 3);
  ExpectContains(ErrorOf(base::ErrorKind::kUsage, [&] { Open("training_folder: train\n"); }), "images/train");
}

TEST_F(Ade20kTest, NamesAMapOfAnotherSizeThanItsPicture) {
  folder_.Write("annotations/training/2.png", EncodePng(Image(21, 30, 1)));
  for (const char* part : {"30x21", "26x23", "annotations/training/2.png", "images/training/2.jpg"}) ExpectContains(FailureOf(2), part);
}

TEST_F(Ade20kTest, NamesAMapWithANumberThatIsNoClass) {
  Image map(22, 28, 1);
  map.pixels[7] = 8;
  folder_.Write("annotations/training/1.png", EncodePng(map));
  ExpectContains(FailureOf(1), "label 8 of 7 classes, which are numbered from 1: " + folder_.File("annotations/training/1.png"));
}

TEST_F(Ade20kTest, NamesABrokenOrColouredMapAndABrokenPicture) {
  folder_.Write("annotations/training/0.png", EncodePng(Image(21, 30, 3)));
  folder_.Write("annotations/training/1.png", EncodePng(NoisePicture(22, 28, 1)).substr(0, 100));
  folder_.Write("images/training/2.jpg", "no picture");
  ExpectContains(FailureOf(0), "RGB: " + folder_.File("annotations/training/0.png"));
  ExpectContains(FailureOf(1), "ends early: " + folder_.File("annotations/training/1.png"));
  ExpectContains(FailureOf(2), folder_.File("images/training/2.jpg"));
}

TEST_F(Ade20kTest, NamesAPictureWithoutLabels) {
  std::filesystem::remove(folder_.File("annotations/training/3.png"));
  ExpectContains(ErrorOf(base::ErrorKind::kFailed, [&] { Open(); }), folder_.File("images/training/3.jpg"));
}

TEST_F(Ade20kTest, IsCheckedSampleBySample) {
  folder_.Write("annotations/training/4.png", EncodePng(Image(21, 30, 3)));
  const CheckResult result = CheckDataset(*Open(), 2);
  EXPECT_EQ(result.samples, 5);
  ASSERT_EQ(result.broken.size(), 1);
  EXPECT_EQ(result.broken[0].source, folder_.File("images/training/4.jpg"));
  EXPECT_EQ(result.class_counts, (std::vector<int64_t>{4, 4, 4, 4, 4, 4, 3})) << "the first has no pixel of the last";
}

TEST_F(Ade20kTest, NeedsInputOfScenes) {
  const auto open = [&](const std::string& input) {
    return OpenDatasets(base::Config::FromText("name: ade20k\nimage_size: 16\n" + keys_ + input, "run.yaml"));
  };
  EXPECT_EQ(open("input: scenes").labels, LabelKind::kPixels);
  ExpectContains(ErrorOf(base::ErrorKind::kUsage, [&] { open(""); }), "set data.input to scenes");
  ExpectContains(
      ErrorOf(base::ErrorKind::kUsage,
              [] {
                OpenDatasets(base::Config::FromText(
                    "{name: synthetic, samples: 4, validation_samples: 4, classes: 2, height: 8, width: 8, image_size: 8, input: scenes}"));
              }),
      "set data.input to pictures");
}

TEST(Ade20kMini, IsWhole) {
  const char* data = std::getenv("DEEPMAD_TEST_DATA");
  if (data == nullptr) GTEST_SKIP() << "needs DEEPMAD_TEST_DATA";
  const base::Config section = base::Config::FromText("root: " + std::string(data) + "/ade20k-mini\nclasses: 150\n");
  for (const auto& [split, samples, classes] : {std::tuple{Split::kTrain, 9, 53}, std::tuple{Split::kValidation, 5, 28}}) {
    const auto set = DatasetRegistry::Get().Create("ade20k", section, split);
    const CheckResult result = CheckDataset(*set, 2);
    EXPECT_EQ(result.samples, samples);
    EXPECT_TRUE(result.broken.empty());
    EXPECT_EQ(150 - std::count(result.class_counts.begin(), result.class_counts.end(), 0), classes);
    EXPECT_EQ(set->class_names().front(), "wall");
  }
}

}  // namespace
}  // namespace deepmad::data
