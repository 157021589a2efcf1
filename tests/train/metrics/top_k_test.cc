#include "train/metrics/top_k.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "base/random.h"

namespace deepmad::train {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

TopKCounts Count(const std::vector<float>& logits, const std::vector<int64_t>& labels) {
  TopKCounts counts;
  const auto samples = static_cast<int64_t>(labels.size());
  counts.Add(logits.data(), labels.data(), samples, static_cast<int64_t>(logits.size()) / samples);
  return counts;
}

TEST(TopK, CountsTheLargestAndTheFiveLargest) {
  const std::vector<float> row = {7, 6, 5, 4, 3, 2, 1};
  for (int64_t label = 0; label < 7; ++label) {
    const TopKCounts counts = Count(row, {label});
    EXPECT_EQ(counts.right1(), label == 0) << label;
    EXPECT_EQ(counts.right5(), label < 5) << label;
  }
}

TEST(TopK, AmongEqualLogitsTheSmallerClassComesFirst) {
  const std::vector<float> row(7, 0.5f);
  for (int64_t label = 0; label < 7; ++label) {
    const TopKCounts counts = Count(row, {label});
    EXPECT_EQ(counts.right1(), label == 0) << label;
    EXPECT_EQ(counts.right5(), label < 5) << label;
  }
}

TEST(TopK, ANanIsNeverRightAndPushesOthersBack) {
  EXPECT_EQ(Count({kNan, 1, 2}, {0}).right5(), 0);
  EXPECT_EQ(Count({kNan, 1, 2}, {2}).right1(), 0);
  EXPECT_EQ(Count({kNan, 1, 2}, {2}).right5(), 1);
  EXPECT_EQ(Count({-kInf, kInf, 0}, {1}).right1(), 1);
}

TEST(TopK, EqualsASortOnRandomLogitsWithTies) {
  base::Random random(1, base::RandomPurpose::kSynthetic);
  const int64_t samples = 200, classes = 12;
  std::vector<float> logits(static_cast<size_t>(samples * classes));
  for (float& x : logits) x = static_cast<float>(random.UniformInt(0, 6));
  std::vector<int64_t> labels(static_cast<size_t>(samples));
  for (int64_t& label : labels) label = random.UniformInt(0, classes - 1);
  int64_t right1 = 0, right5 = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    std::vector<int64_t> order(static_cast<size_t>(classes));
    std::iota(order.begin(), order.end(), 0);
    const float* row = logits.data() + i * static_cast<size_t>(classes);
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return row[a] > row[b]; });
    right1 += order[0] == labels[i];
    right5 += std::find(order.begin(), order.begin() + 5, labels[i]) != order.begin() + 5;
  }
  const TopKCounts counts = Count(logits, labels);
  EXPECT_EQ(counts.right1(), right1);
  EXPECT_EQ(counts.right5(), right5);
}

TEST(TopK, MergedPartsEqualTheWhole) {
  TopKCounts a = Count({1, 2, 3, 1, 2, 3}, {2, 0});
  a.Merge(Count({3, 2, 1}, {0}));
  EXPECT_EQ(a.samples(), 3);
  EXPECT_EQ(a.right1(), 2);
  EXPECT_DOUBLE_EQ(a.top1(), 2.0 / 3);
  EXPECT_DOUBLE_EQ(a.top5(), 1.0);
}

TEST(TopK, NothingCountedIsAFailure) { EXPECT_THROW(TopKCounts().top1(), base::Error); }

TEST(TopK, ALabelOutOfRangeIsAFailure) {
  EXPECT_THROW(Count({1, 2, 3}, {3}), base::Error);
  EXPECT_THROW(Count({1, 2, 3}, {-1}), base::Error);
}

}  // namespace
}  // namespace deepmad::train
