#include "mad/latency/nonnegative_least_squares.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace deepmad::mad {
namespace {

FitRow Row(base::Random& random, const std::vector<double>& coefficients) {
  FitRow row;
  for (const double coefficient : coefficients) {
    row.features.push_back(random.Uniform(1, 100));
    row.value += coefficient * row.features.back();
  }
  return row;
}

TEST(NonnegativeFit, FindsCoefficientsThatMadeTheValues) {
  base::Random random(1, base::RandomPurpose::kSearch, 0, 0);
  const std::vector<double> made{0.5, 0, 3, 0.01};
  std::vector<FitRow> rows;
  for (int i = 0; i < 40; ++i) rows.push_back(Row(random, made));
  const std::vector<double> found = FitNonnegative(rows);
  for (size_t i = 0; i < made.size(); ++i) EXPECT_NEAR(found[i], made[i], 1e-6) << i;
}

TEST(NonnegativeFit, GivesZeroWhereTheBestLineWouldFall) {
  std::vector<FitRow> rows;
  for (int i = 1; i <= 10; ++i) rows.push_back({{1, static_cast<double>(i)}, 20.0 - i});
  const std::vector<double> found = FitNonnegative(rows);
  EXPECT_EQ(found[1], 0);
  EXPECT_GT(found[0], 10);
  EXPECT_LT(found[0], 19);
}

TEST(NonnegativeFit, LeavesOutRowsThatSomethingDisturbed) {
  base::Random random(2, base::RandomPurpose::kSearch, 0, 0);
  const std::vector<double> made{2, 1};
  std::vector<FitRow> rows;
  for (int i = 0; i < 30; ++i) rows.push_back(Row(random, made));
  rows[7].value *= 3;
  rows[20].value *= 8;
  const std::vector<double> found = FitNonnegative(rows);
  for (size_t i = 0; i < made.size(); ++i) EXPECT_NEAR(found[i], made[i], 1e-6) << i;
}

TEST(NonnegativeFit, KeepsTheSumOfItsRows) {
  const std::vector<FitRow> rows{{.features = {1.0}, .value = 1}, {.features = {1.0}, .value = 3}};
  EXPECT_NEAR(FitNonnegative(rows)[0], 2, 1e-9);  // relative errors alone would have it at 1.2
}

TEST(NonnegativeFit, GivesZeroToAFeatureThatIsNowhere) {
  const std::vector<double> found = FitNonnegative({{{1, 0}, 3}, {{2, 0}, 6}});
  EXPECT_NEAR(found[0], 3, 1e-9);
  EXPECT_EQ(found[1], 0);
}

}  // namespace
}  // namespace deepmad::mad
