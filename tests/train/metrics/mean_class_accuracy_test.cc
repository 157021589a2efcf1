#include "train/metrics/mean_class_accuracy.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace deepmad::train {
namespace {

TEST(MeanClassAccuracy, IsTheMeanOfRecallsWhateverTheNumberOfSamples) {
  ClassAccuracyCounts counts(3);
  for (int i = 0; i < 9; ++i) counts.Add(0, 0);
  counts.Add(0, 1);
  counts.Add(1, 1);
  counts.Add(1, 0);
  EXPECT_DOUBLE_EQ(counts.mean(), (0.9 + 0.5) / 2) << "class 2 occurs nowhere";
}

TEST(MeanClassAccuracy, CountsAClassThatIsOnlyPredictedAsNothing) {
  ClassAccuracyCounts counts(4);
  counts.Add(0, 0);
  counts.Add(0, 2);
  EXPECT_DOUBLE_EQ(counts.mean(), 0.25);
}

TEST(MeanClassAccuracy, AddsParts) {
  ClassAccuracyCounts first(2), second(2), all(2);
  first.Add(0, 1);
  second.Add(1, 1);
  for (const auto& [label, predicted] : {std::pair{0, 1}, {1, 1}}) all.Add(label, predicted);
  first.Merge(second);
  EXPECT_DOUBLE_EQ(first.mean(), all.mean());
  EXPECT_EQ(first.classes()[1].predicted, 2);
}

TEST(MeanClassAccuracy, RefusesWhatIsNoClass) {
  ClassAccuracyCounts counts(2);
  EXPECT_THROW(counts.Add(2, 0), base::Error);
  EXPECT_THROW(counts.Add(0, -1), base::Error);
  EXPECT_THROW(counts.mean(), base::Error);
}

}  // namespace
}  // namespace deepmad::train
