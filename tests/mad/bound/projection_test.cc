#include "mad/bound/projection.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace deepmad::mad {
namespace {

TEST(ProjectionTest, IsFeasibleAndNoFeasiblePointIsNearer) {
  int projected = 0;
  for (uint64_t i = 0; i < 2000; ++i) {
    base::Random random(1, base::RandomPurpose::kSearch, 0, i);
    const size_t dimensions = static_cast<size_t>(random.UniformInt(1, 4));
    std::vector<double> inside, from, x;
    for (size_t d = 0; d < dimensions; ++d) {
      inside.push_back(random.Uniform(0, 3));
      from.push_back(random.Uniform(-5, 5));
    }
    std::vector<HalfSpace> spaces;
    for (int64_t n = random.UniformInt(0, 12); n > 0; --n) {
      HalfSpace space;
      for (size_t d = 0; d < dimensions; ++d) space.normal.push_back(random.Uniform(-1, 1));
      for (size_t d = 0; d < dimensions; ++d) space.limit += space.normal[d] * inside[d];
      space.limit += random.Bernoulli(0.3) ? 0 : random.Uniform(0, 1);
      spaces.push_back(space);
    }
    ASSERT_TRUE(Project(spaces, from, x)) << i << ": a point is inside";
    ++projected;
    const auto feasible = [&](const std::vector<double>& point, double tolerance) {
      for (const HalfSpace& space : spaces) {
        double value = -space.limit;
        for (size_t d = 0; d < dimensions; ++d) value += space.normal[d] * point[d];
        if (value > tolerance) return false;
      }
      for (const double value : point) {
        if (value < -tolerance) return false;
      }
      return true;
    };
    EXPECT_TRUE(feasible(x, 1e-7)) << i;
    // (x - from) . (y - x) >= 0 for every feasible y.
    double towards_inside = 0;
    for (size_t d = 0; d < dimensions; ++d) towards_inside += (x[d] - from[d]) * (inside[d] - x[d]);
    EXPECT_GE(towards_inside, -1e-6) << i;
  }
  EXPECT_EQ(projected, 2000);
}

TEST(ProjectionTest, SaysWhereNothingIsLeft) {
  std::vector<double> x;
  EXPECT_FALSE(Project({{{1, 0}, -1}}, {1, 1}, x)) << "x <= -1 and x >= 0";
  EXPECT_FALSE(Project({{{1, 1}, 1}, {{-1, -1}, -2}}, {0, 0}, x)) << "x + y <= 1 and x + y >= 2";
}

}  // namespace
}  // namespace deepmad::mad
