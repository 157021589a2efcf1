#include "mad/bound/block_value.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace deepmad::mad {
namespace {

std::vector<double> Logarithms(int largest) {
  std::vector<double> logs{0};
  for (int i = 1; i <= largest; ++i) logs.push_back(std::log(i));
  return logs;
}

double Enumerated(const BottleneckTerm& term, const Range& range, int multiple) {
  double best = -1e300;
  for (int m = range.low; m <= range.high; m += multiple)
    best = std::max(best, term.gain * std::log(m) - (term.square * m + term.linear) * m);
  return best;
}

// A multiplier of 1e-14 beside one of 1e4: the bound of a box came out below a structure in it.
TEST(BlockValueTest, ATinySquareDoesNotHideTheBestBottleneck) {
  const std::vector<double> logs = Logarithms(2048);
  const BestBottleneck best(logs, 8);
  for (const double square : {0.0, 1e-24, 1e-20, 1e-16, 1e-12}) {
    int at = 0;
    best.Maximum({5000, square, 8.01, 0, 0}, {600, 624}, {}, &at);
    EXPECT_EQ(at, 624) << square;
  }
}

TEST(BlockValueTest, TheBestBottleneckIsThatOfAnEnumeration) {
  const std::vector<double> logs = Logarithms(2048);
  const BestBottleneck best(logs, 8);
  base::Random random(4, base::RandomPurpose::kSearch);
  const auto any = [&](double low, double high) {
    return random.Bernoulli(0.2) ? 0.0 : std::exp(random.Uniform(std::log(low), std::log(high)));
  };
  for (int i = 0; i < 20000; ++i) {
    const BottleneckTerm term{any(1e-6, 1e4), any(1e-26, 1), any(1e-16, 1e3), 0, 0};
    const int low = 8 * static_cast<int>(random.UniformInt(1, 200));
    const Range range{low, low + 8 * static_cast<int>(random.UniformInt(0, 50))};
    const double expected = Enumerated(term, range, 8);
    EXPECT_GE(best.Maximum(term, range, {}, nullptr), expected - 1e-12 * std::abs(expected));
  }
}

}  // namespace
}  // namespace deepmad::mad
