#include "mad/bound/block_value.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace deepmad::mad {
namespace {

class BlockValueTest : public ::testing::Test {
 protected:
  BlockValueTest() {
    for (int i = 0; i <= 2048; ++i) log_.push_back(i > 0 ? std::log(i) : 0);
    for (int m = 0; m <= 2048; ++m) staircase_.of.push_back(8 * std::max(1.0, std::floor(std::nearbyint(0.25 * m) / 8)));
    staircase_.share = 0.25;
    for (int m = 8; m <= 2048; m += 8) staircase_.below = std::max(staircase_.below, 0.25 * m - staircase_.of[static_cast<size_t>(m)]);
  }

  // Coefficients of all magnitudes, some of them zero or next to it.
  static BottleneckTerm DrawTerm(base::Random& random) {
    const auto draw = [&](double low, double high) { return random.Bernoulli(0.15) ? 0 : std::pow(10, random.Uniform(low, high)); };
    BottleneckTerm term{draw(-2, 3), draw(-25, 0), draw(-25, 2), draw(-4, 1), draw(-5, 0)};
    if (random.Bernoulli(0.3)) term.hidden = term.hidden_slope = 0;
    return term;
  }

  static Range DrawRange(base::Random& random) {
    const int low = 8 * static_cast<int>(random.UniformInt(1, 200));
    return {low, low + 8 * static_cast<int>(random.UniformInt(0, 56))};
  }

  double BruteForce(const BottleneckTerm& term, const Range& range, const HiddenWidths& hidden) const {
    double best = -1e300;
    for (int m = range.low; m <= range.high; m += 8) {
      double value = term.gain * log_[static_cast<size_t>(m)] - (term.square * m + term.linear) * m;
      if (!hidden.of.empty()) value -= (term.hidden + term.hidden_slope * m) * hidden.of[static_cast<size_t>(m)];
      best = std::max(best, value);
    }
    return best;
  }

  std::vector<double> log_;
  HiddenWidths staircase_;
};

TEST_F(BlockValueTest, TheBestBottleneckIsThatOfTryingAll) {
  BestBottleneck best(log_, 8);
  for (uint64_t i = 0; i < 20000; ++i) {
    base::Random random(1, base::RandomPurpose::kSearch, 0, i);
    const BottleneckTerm term = DrawTerm(random);
    const Range range = DrawRange(random);
    const HiddenWidths hidden = random.Bernoulli(0.5) ? staircase_ : HiddenWidths{};
    int at = 0;
    const double found = best.Maximum(term, range, hidden, &at);
    EXPECT_EQ(found, BruteForce(term, range, hidden)) << i;
    EXPECT_EQ(found, BruteForce(term, {at, at}, hidden)) << i;
  }
}

// A multiplier of 1e-14 beside one of 1e4: the bound of a box came out below a structure in it.
TEST_F(BlockValueTest, ATinySquareDoesNotHideTheBestBottleneck) {
  const BestBottleneck best(log_, 8);
  for (const double square : {0.0, 1e-24, 1e-20, 1e-16, 1e-12}) {
    int at = 0;
    best.Maximum({5000, square, 8.01, 0, 0}, {600, 624}, {}, &at);
    EXPECT_EQ(at, 624) << square;
  }
}

TEST_F(BlockValueTest, SoAreThoseForManySlopesAtOnce) {
  BestBottleneck best(log_, 8);
  for (uint64_t i = 0; i < 3000; ++i) {
    base::Random random(2, base::RandomPurpose::kSearch, 0, i);
    const BottleneckTerm term = DrawTerm(random);
    const Range range = DrawRange(random);
    const HiddenWidths hidden = random.Bernoulli(0.5) ? staircase_ : HiddenWidths{};
    std::vector<double> slopes{0};
    const double step = std::pow(10, random.Uniform(-6, 0));
    for (int64_t n = random.UniformInt(0, 20); n > 0; --n) slopes.push_back(slopes.back() + step * random.Uniform());
    std::vector<double> values(slopes.size());
    best.Maxima(term, range, hidden, slopes, values);
    for (size_t n = 0; n < slopes.size(); ++n) {
      BottleneckTerm one = term;
      one.linear += slopes[n];
      const double expected = BruteForce(one, range, hidden);
      EXPECT_NEAR(values[n], expected, 1e-12 * (std::abs(expected) + term.gain * 8)) << i << ", slope " << n;
    }
  }
}

}  // namespace
}  // namespace deepmad::mad
