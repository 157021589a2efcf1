#include "data/dataset/dataset_check.h"

#include <gtest/gtest.h>

#include "data/image/image_io.h"
#include "tests/data/numbered_dataset.h"
#include "tests/data/pictures.h"
#include "tests/temporary_folder.h"

namespace deepmad::data {
namespace {

TEST(CheckDataset, ReportsCountsSizesAndBrokenFilesByName) {
  const TemporaryFolder root;
  root.Write("train/a/1.png", EncodePng(NoisePicture(10, 30, 3)));
  root.Write("train/a/2.png", EncodePng(NoisePicture(20, 5, 1)));
  root.Write("train/a/3.png", "no picture");
  root.Write("train/b/1.png", EncodeJpeg(NoisePicture(12, 12, 3)).substr(0, 200));
  root.Write("train/b/2.png", EncodePng(NoisePicture(12, 12, 3)));
  const base::Config section = base::Config::FromText("root: " + root.path());
  const auto dataset = DatasetRegistry::Get().Create("image_folder", section, Split::kTrain);
  for (const int threads : {1, 3}) {
    int64_t last = 0;
    const CheckResult result = CheckDataset(*dataset, threads, [&](int64_t done) { last = done; });
    EXPECT_EQ(last, 5);
    EXPECT_EQ(result.samples, 5);
    EXPECT_EQ(result.grey, 1);
    EXPECT_EQ(result.class_counts, (std::vector<int64_t>{3, 2}));
    EXPECT_EQ(std::tuple(result.min_height, result.max_height), std::tuple(10, 20));
    EXPECT_EQ(std::tuple(result.min_width, result.max_width), std::tuple(5, 30));
    ASSERT_EQ(result.broken.size(), 2u);
    EXPECT_EQ(result.broken[0].source, root.path() + "/train/a/3.png");
    ExpectContains(result.broken[0].reason, "neither a JPEG nor a PNG image");
    EXPECT_EQ(result.broken[1].source, root.path() + "/train/b/1.png");
    ExpectContains(result.broken[1].reason, "broken JPEG image");
  }
}

TEST(CheckDataset, FindsNothingWrongWithAWholeSet) {
  const CheckResult result = CheckDataset(NumberedDataset(37), 4);
  EXPECT_EQ(result.samples, 37);
  EXPECT_TRUE(result.broken.empty());
  EXPECT_EQ(result.class_counts, (std::vector<int64_t>{4, 4, 4, 4, 4, 4, 4, 3, 3, 3}));
}

}  // namespace
}  // namespace deepmad::data
