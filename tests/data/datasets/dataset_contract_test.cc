// What every registered dataset promises. A new one needs a line in miniatures.h and is tested here from then on.
#include <gtest/gtest.h>

#include <set>

#include "data/dataset/dataset.h"
#include "data/image/label_map.h"
#include "tests/data/miniatures.h"

namespace deepmad::data {
namespace {

// Of a video, the frame in the middle.
Image Decode(const Sample& sample) {
  return sample.video ? ReadFrames(*sample.video, {sample.video->count() / 2})[0] : sample.picture.Decode();
}

class DatasetContract : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(Miniatures().contains(GetParam())) << "write a miniature of '" << GetParam() << "' in tests/data/miniatures.h";
    section_ = base::Config::FromText("name: " + GetParam() + "\n" + Miniatures().at(GetParam())(folder_));
    section_.MarkRead("name");
  }
  std::unique_ptr<Dataset> Open(Split split) const { return DatasetRegistry::Get().Create(GetParam(), section_, split); }

  TemporaryFolder folder_;
  base::Config section_ = base::Config::FromText("{}");
};

TEST_P(DatasetContract, SamplesHaveShapesLabelsAndSourcesThatFit) {
  for (const Split split : {Split::kTrain, Split::kValidation}) {
    const auto dataset = Open(split);
    ASSERT_GT(dataset->size(), 0);
    if (const std::vector<int> groups = dataset->groups(); !groups.empty()) {
      EXPECT_EQ(groups.size(), static_cast<size_t>(dataset->size()));
    }
    std::set<std::string> sources;
    for (int64_t i = 0; i < dataset->size(); ++i) {
      const Sample sample = dataset->Get(i);
      const Image image = Decode(sample);
      EXPECT_GE(image.height, 1);
      EXPECT_GE(image.width, 1);
      EXPECT_TRUE(image.channels == 1 || image.channels == 3);
      EXPECT_EQ(image.pixels.size(), static_cast<size_t>(image.height) * image.width * image.channels);
      if (!sample.video) {
        EXPECT_EQ(std::tuple(sample.picture.size().height, sample.picture.size().width), std::tuple(image.height, image.width));
      }
      if (const auto& map = sample.label_map) {
        EXPECT_EQ(sample.label, kNoWholeLabel);
        EXPECT_EQ(std::tuple(map->height, map->width, map->channels), std::tuple(image.height, image.width, 1));
        for (const uint8_t label : map->pixels) ASSERT_TRUE(label < dataset->class_names().size() || label == kNoLabel);
      } else if (sample.boxes) {
        EXPECT_EQ(sample.label, kNoWholeLabel);
        EXPECT_EQ(sample.boxes->size, sample.picture.size());
        EXPECT_EQ(dataset->class_ids().size(), dataset->class_names().size());
        for (const LabelledBox& box : sample.boxes->boxes) {
          EXPECT_LT(box.left, box.right);
          EXPECT_LT(box.top, box.bottom);
          EXPECT_GE(box.label, 0);
          EXPECT_LT(box.label, static_cast<int64_t>(dataset->class_names().size()));
        }
      } else {
        EXPECT_GE(sample.label, 0);
        EXPECT_LT(sample.label, static_cast<int64_t>(dataset->class_names().size()));
      }
      EXPECT_EQ(sample.label, dataset->label(i));
      EXPECT_EQ(sample.source, dataset->source(i));
      sources.insert(sample.source);
    }
    EXPECT_EQ(sources.size(), static_cast<size_t>(dataset->size())) << "each sample has a name of its own";
  }
}

TEST_P(DatasetContract, IsTheSameEachTimeItIsOpenedAndRead) {
  const auto first = Open(Split::kTrain), second = Open(Split::kTrain);
  ASSERT_EQ(first->size(), second->size());
  for (int64_t i = first->size() - 1; i >= 0; --i) {
    EXPECT_EQ(first->source(i), second->source(i));
    EXPECT_EQ(Decode(first->Get(i)).pixels, Decode(second->Get(i)).pixels);
    EXPECT_EQ(Decode(first->Get(i)).pixels, Decode(second->Get(i)).pixels) << "the second time";
  }
}

TEST_P(DatasetContract, SplitsShareClassesButNoSamples) {
  const auto train = Open(Split::kTrain), validation = Open(Split::kValidation);
  EXPECT_EQ(train->class_names(), validation->class_names());
  EXPECT_NE(train->source(0), validation->source(0));
}

TEST_P(DatasetContract, ReadsEveryKeyItIsGiven) {
  Open(Split::kTrain);
  EXPECT_NO_THROW(section_.CheckAllRead());
}

INSTANTIATE_TEST_SUITE_P(EachDataset, DatasetContract, testing::ValuesIn(DatasetRegistry::Get().Names()),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace deepmad::data
