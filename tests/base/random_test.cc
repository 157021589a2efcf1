#include "base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <set>

namespace deepmad::base {
namespace {

using Words = std::array<uint32_t, 4>;

// The known-answer vectors published with Random123 for philox4x32, 10 rounds.
TEST(Philox, EqualsThePublishedVectors) {
  EXPECT_EQ(Philox4x32({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(Philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, EqualStreamsGiveEqualDraws) {
  Random a(7, RandomPurpose::kAugment, 3, 11);
  Random b = a;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.NextBits(), b.NextBits());
}

TEST(Random, TheFirstBitsOfAStreamNeverChange) {
  Random random(0, RandomPurpose::kOrder);
  const Words first = Philox4x32({0, 0, 1u << 24, 0}, {0, 0});
  for (const uint32_t word : first) EXPECT_EQ(random.NextBits(), word);
  EXPECT_EQ(random.NextBits(), Philox4x32({1, 0, 1u << 24, 0}, {0, 0})[0]);
}

TEST(Random, EveryPartOfTheNameChangesTheStream) {
  std::set<uint32_t> firsts;
  for (const uint64_t seed : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 32}) {
    for (const auto purpose : {RandomPurpose::kOrder, RandomPurpose::kMix}) {
      for (const uint64_t epoch : {0, 1, (1 << 24) - 1}) {
        for (const uint64_t index : {uint64_t{0}, uint64_t{1}, uint64_t{0xffffffff}}) {
          firsts.insert(Random(seed, purpose, epoch, index).NextBits());
        }
      }
    }
  }
  EXPECT_EQ(firsts.size(), 3u * 2 * 3 * 3);
}

TEST(Random, RefusesNamesThatWouldCollide) {
  EXPECT_THROW(Random(0, RandomPurpose::kOrder, uint64_t{1} << 24), std::invalid_argument);
  EXPECT_THROW(Random(0, RandomPurpose::kOrder, 0, uint64_t{1} << 32), std::invalid_argument);
}

struct Moments {
  double mean = 0, variance = 0;
};

Moments Measure(int count, const std::function<double()>& draw) {
  double sum = 0, squares = 0;
  for (int i = 0; i < count; ++i) {
    const double x = draw();
    sum += x;
    squares += x * x;
  }
  const double mean = sum / count;
  return {mean, squares / count - mean * mean};
}

TEST(Random, UniformStaysInTheHalfOpenIntervalWithItsMoments) {
  Random random(1, RandomPurpose::kSynthetic);
  const Moments m = Measure(100000, [&] {
    const double x = random.Uniform(-1, 3);
    EXPECT_GE(x, -1);
    EXPECT_LT(x, 3);
    return x;
  });
  EXPECT_NEAR(m.mean, 1, 0.02);
  EXPECT_NEAR(m.variance, 16.0 / 12, 0.02);
  EXPECT_EQ(random.Uniform(2, 2), 2);
}

TEST(Random, NormalHasItsMoments) {
  Random random(2, RandomPurpose::kSynthetic);
  const Moments m = Measure(100000, [&] { return random.Normal(5, 2); });
  EXPECT_NEAR(m.mean, 5, 0.03);
  EXPECT_NEAR(m.variance, 4, 0.08);
}

TEST(Random, GammaHasItsMoments) {
  for (const double shape : {0.3, 1.0, 4.5}) {
    Random random(3, RandomPurpose::kMix);
    const Moments m = Measure(100000, [&] { return random.Gamma(shape); });
    EXPECT_NEAR(m.mean, shape, 0.03 * shape + 0.01) << shape;
    EXPECT_NEAR(m.variance, shape, 0.05 * shape + 0.02) << shape;
  }
}

TEST(Random, BetaHasItsMomentsAndSurvivesTinyShapes) {
  Random random(4, RandomPurpose::kMix);
  const Moments m = Measure(100000, [&] { return random.Beta(0.2, 0.2); });
  EXPECT_NEAR(m.mean, 0.5, 0.01);
  EXPECT_NEAR(m.variance, 0.25 / 1.4, 0.005);
  const Moments tiny = Measure(1000, [&] { return random.Beta(1e-4, 1e-4); });
  EXPECT_NEAR(tiny.mean, 0.5, 0.08);
}

TEST(Random, GammaAndBetaRefuseShapesThatAreNotPositive) {
  Random random(4, RandomPurpose::kMix);
  EXPECT_THROW(random.Gamma(0), std::invalid_argument);
  EXPECT_THROW(random.Beta(std::numeric_limits<double>::quiet_NaN(), 1), std::invalid_argument);
}

TEST(Random, UniformIntIsUnbiasedAndReachesBothEnds) {
  Random random(5, RandomPurpose::kSearch);
  std::array<int, 6> counts{};
  for (int i = 0; i < 60000; ++i) ++counts[static_cast<size_t>(random.UniformInt(-2, 3) + 2)];
  for (const int count : counts) EXPECT_NEAR(count, 10000, 500);
  EXPECT_EQ(random.UniformInt(9, 9), 9);
  EXPECT_THROW(random.UniformInt(1, 0), std::invalid_argument);
}

TEST(Random, UniformIntCoversWideIntervals) {
  Random random(6, RandomPurpose::kSearch);
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min(), kMax = std::numeric_limits<int64_t>::max();
  int negative = 0;
  for (int i = 0; i < 1000; ++i) negative += random.UniformInt(kMin, kMax) < 0;
  EXPECT_NEAR(negative, 500, 100);
  const int64_t wide = int64_t{3} << 33;
  for (int i = 0; i < 1000; ++i) {
    const int64_t x = random.UniformInt(0, wide);
    EXPECT_TRUE(x >= 0 && x <= wide);
  }
}

TEST(Random, BernoulliDrawsOnceWhateverTheProbability) {
  Random sure(7, RandomPurpose::kDropPath), never(7, RandomPurpose::kDropPath);
  EXPECT_TRUE(sure.Bernoulli(1));
  EXPECT_FALSE(never.Bernoulli(0));
  EXPECT_EQ(sure.NextBits(), never.NextBits());
}

TEST(Random, PermutationHoldsEveryNumberOnceAndDependsOnTheEpoch) {
  std::vector<int64_t> first = Random(8, RandomPurpose::kOrder, 0).Permutation(1000);
  EXPECT_NE(first, Random(8, RandomPurpose::kOrder, 1).Permutation(1000));
  EXPECT_EQ(first, Random(8, RandomPurpose::kOrder, 0).Permutation(1000));
  std::sort(first.begin(), first.end());
  for (int64_t i = 0; i < 1000; ++i) EXPECT_EQ(first[static_cast<size_t>(i)], i);
  EXPECT_TRUE(Random(8, RandomPurpose::kOrder).Permutation(0).empty());
}

TEST(Random, PermutationPutsEveryNumberAnywhere) {
  std::array<std::array<int, 4>, 4> counts{};
  for (uint64_t epoch = 0; epoch < 8000; ++epoch) {
    const std::vector<int64_t> order = Random(9, RandomPurpose::kOrder, epoch).Permutation(4);
    for (size_t i = 0; i < 4; ++i) ++counts[i][static_cast<size_t>(order[i])];
  }
  for (const auto& row : counts) {
    for (const int count : row) EXPECT_NEAR(count, 2000, 200);
  }
}

}  // namespace
}  // namespace deepmad::base
