#include "train/metrics/mean_iou.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace deepmad::train {
namespace {

// A 4 x 4 case of the metric (docs/protocols/segmentation.md, section 7): ignored pixels, class 3 predicted but absent, classes 4 and 5 in
// neither map.
const std::vector<uint8_t> kLabels = {0, 0, 1, 255, 0, 1, 1, 255, 2, 2, 1, 0, 255, 2, 2, 0};
const std::vector<uint8_t> kPredictions = {0, 1, 1, 4, 0, 1, 1, 2, 2, 0, 1, 0, 0, 2, 3, 0};

SegmentationCounts CountsOf(const std::vector<uint8_t>& labels, const std::vector<uint8_t>& predictions, int64_t classes) {
  SegmentationCounts counts(classes);
  counts.Add(labels.data(), predictions.data(), labels.size());
  return counts;
}

std::string FailureOf(const std::vector<uint8_t>& labels, const std::vector<uint8_t>& predictions, int64_t classes) {
  try {
    CountsOf(labels, predictions, classes);
  } catch (const base::Error& e) {
    return e.what();
  }
  return "none";
}

TEST(MeanIou, EqualsTheWorkedCase) {
  const SegmentationCounts counts = CountsOf(kLabels, kPredictions, 6);
  EXPECT_EQ(counts.classes(), (std::vector<ClassPixels>{{4, 5, 5}, {4, 5, 4}, {2, 2, 4}, {0, 1, 0}, {}, {}}));
  EXPECT_EQ(counts.pixels(), 13);
  EXPECT_DOUBLE_EQ(counts.mean_iou(), 0.4916666666666667);
  EXPECT_DOUBLE_EQ(counts.mean_accuracy(), 0.7666666666666666);
  EXPECT_DOUBLE_EQ(counts.pixel_accuracy(), 0.7692307692307693);
}

TEST(MeanIou, CountsPartsLikeTheWhole) {
  SegmentationCounts sum(6);
  for (size_t begin : {0, 1, 7}) {
    const size_t end = begin == 0 ? 1 : begin == 1 ? 7 : 16;
    SegmentationCounts part(6);
    part.Add(kLabels.data() + begin, kPredictions.data() + begin, end - begin);
    sum.Merge(part);
  }
  EXPECT_EQ(sum.classes(), CountsOf(kLabels, kPredictions, 6).classes());
}

TEST(MeanIou, HoldsAPredictionOfNoClassForWrong) {
  const SegmentationCounts counts = CountsOf({0, 0, 1}, {255, 0, 1}, 2);
  EXPECT_EQ(counts.classes(), (std::vector<ClassPixels>{{1, 1, 2}, {1, 1, 1}}));
}

TEST(MeanIou, NamesAValueThatIsNoClass) {
  EXPECT_NE(FailureOf({0, 7, 7}, {0, 0, 0}, 7).find("label 7 at 2 pixels, with 7 classes"), std::string::npos);
  EXPECT_NE(FailureOf({0, 0, 0}, {0, 9, 0}, 7).find("prediction 9 at 1 pixels"), std::string::npos);
  EXPECT_EQ(FailureOf({0, 255, 0}, {0, 9, 0}, 7), "none") << "under an ignored pixel nothing counts";
}

TEST(MeanIou, LeavesTheCountsAloneWhenItFails) {
  SegmentationCounts counts = CountsOf(kLabels, kPredictions, 6);
  const std::vector<uint8_t> wrong = {0, 6};
  EXPECT_THROW(counts.Add(wrong.data(), wrong.data(), 2), base::Error);
  EXPECT_EQ(counts.classes(), CountsOf(kLabels, kPredictions, 6).classes());
}

TEST(MeanIou, CannotDivideByNothing) {
  const SegmentationCounts nothing = CountsOf({255, 255}, {0, 1}, 2);
  EXPECT_THROW(nothing.mean_iou(), base::Error);
  EXPECT_THROW(nothing.mean_accuracy(), base::Error);
  EXPECT_THROW(nothing.pixel_accuracy(), base::Error);
}

TEST(MeanIou, AddsNoCountsOfOtherClasses) {
  SegmentationCounts counts(2);
  EXPECT_THROW(counts.Merge(SegmentationCounts(3)), base::Error);
}

}  // namespace
}  // namespace deepmad::train
