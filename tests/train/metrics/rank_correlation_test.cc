#include "train/metrics/rank_correlation.h"

#include <gtest/gtest.h>

#include <cmath>

namespace deepmad::train {
namespace {

// Expected values by hand.
TEST(RankCorrelation, IsThatOfTheOrder) {
  const std::vector<double> x = {1, 2, 3, 4, 5}, up = {10, 100, 1000, 1e4, 1e5}, down = {5, 4, 3, 2, 1}, mixed = {2, 1, 4, 3, 5};
  EXPECT_DOUBLE_EQ(SpearmanCorrelation(x, up), 1);
  EXPECT_DOUBLE_EQ(KendallCorrelation(x, up), 1);
  EXPECT_DOUBLE_EQ(SpearmanCorrelation(x, down), -1);
  EXPECT_DOUBLE_EQ(KendallCorrelation(x, down), -1);
  EXPECT_DOUBLE_EQ(SpearmanCorrelation(x, mixed), 0.8);  // 1 - 6 * 4 / (5 * 24)
  EXPECT_DOUBLE_EQ(KendallCorrelation(x, mixed), 0.6);   // 8 pairs alike, 2 not
}

TEST(RankCorrelation, EqualValuesShareTheirRank) {
  const std::vector<double> x = {1, 2, 2, 3}, y = {1, 3, 2, 3};
  EXPECT_NEAR(SpearmanCorrelation(x, y), 3.75 / 4.5, 1e-12);
  EXPECT_NEAR(KendallCorrelation(x, y), 4 / 5.0, 1e-12);  // five pairs each tells apart, four of them alike
  EXPECT_EQ(SpearmanCorrelation(x, {7, 7, 7, 7}), 0);
  EXPECT_EQ(KendallCorrelation({7, 7, 7, 7}, x), 0);
  EXPECT_EQ(SpearmanCorrelation({1}, {2}), 0);
}

TEST(RankCorrelation, TheBootstrapIsAFunctionOfTheSeedAndCoversTheMean) {
  std::vector<double> values;
  for (int i = 0; i < 100; ++i) values.push_back(i % 10);
  const auto mean = [&](const std::vector<size_t>& chosen) {
    double sum = 0;
    for (const size_t one : chosen) sum += values[one];
    return sum / static_cast<double>(chosen.size());
  };
  const ConfidenceInterval interval = BootstrapInterval(values.size(), mean, 1), again = BootstrapInterval(values.size(), mean, 1);
  EXPECT_EQ(interval.low, again.low);
  EXPECT_EQ(interval.high, again.high);
  const auto draws = [](uint64_t seed) {
    std::vector<size_t> all;
    const auto keep = [&](const std::vector<size_t>& chosen) {
      all.insert(all.end(), chosen.begin(), chosen.end());
      return 0.0;
    };
    BootstrapInterval(10, keep, seed, 3);
    return all;
  };
  EXPECT_EQ(draws(1), draws(1));
  EXPECT_NE(draws(1), draws(2));
  // The deviation of the mean of 100 draws from 0..9 is sqrt(8.25 / 100); 1.96 of them on each side.
  EXPECT_NEAR(interval.low, 4.5 - 1.96 * std::sqrt(0.0825), 0.05);
  EXPECT_NEAR(interval.high, 4.5 + 1.96 * std::sqrt(0.0825), 0.05);
  const ConfidenceInterval half = BootstrapInterval(values.size(), mean, 1, 10000, 0.5);
  EXPECT_GT(half.low, interval.low);
  EXPECT_LT(half.high, interval.high);
}

}  // namespace
}  // namespace deepmad::train
