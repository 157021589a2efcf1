#include "mad/search/continuous_relaxation.h"

#include <gtest/gtest.h>

#include "base/build_info.h"
#include "base/random.h"
#include "mad/objective/entropy.h"
#include "mad/problem/feasibility.h"

namespace deepmad::mad {
namespace {

// 1 + 3 * 6 = 19 variables: more than one pass of Dual::kDirections.
DesignProblem SixStages(const std::string& formulation) {
  DesignProblem problem =
      WithTightRanges(LoadProblem(base::ConfigsFolder() + "/design/r18-224.yaml", {"formulation=" + formulation, "budgets.layers=200",
                                                                                   "tail={type: conv, kernel: 1, out_channels: 1792}"}));
  BlockVariables sixth = problem.blocks[problem.Stages()];
  sixth.stride = 1;
  sixth.type = "basic";
  problem.blocks.insert(problem.blocks.end() - 1, sixth);
  return problem;
}

class GradientTest : public ::testing::TestWithParam<std::string> {};

TEST_P(GradientTest, EqualsFiniteDifferences) {
  const DesignProblem problem = SixStages(GetParam());
  const Relaxation relaxation(problem, {3, 3, 5, 3, 5, 3, 5, 1});
  const SmoothProblem& smooth = relaxation.smooth();
  const size_t variables = smooth.lower.size();
  const size_t constraints = static_cast<size_t>(smooth.constraints);
  base::Random random(1, base::RandomPurpose::kSearch);
  for (int trial = 0; trial < 5; ++trial) {
    std::vector<double> x;
    for (size_t i = 0; i < variables; ++i) x.push_back(random.Uniform(smooth.lower[i], smooth.upper[i] * 0.5 + smooth.lower[i] * 0.5));
    for (size_t i = variables - 6; i < variables; ++i) x[i] = 1 + random.Uniform(0, 2);  // depths: the penalty grows like exp
    std::vector<double> gradient(variables), values(constraints), jacobian(constraints * variables), none;
    smooth.objective(x, gradient);
    smooth.constraint_values(x, values, jacobian);
    for (size_t i = 0; i < variables; ++i) {
      const double step = 1e-5;
      std::vector<double> up = x, down = x, values_up(constraints), values_down(constraints);
      up[i] += step;
      down[i] -= step;
      const double difference = (smooth.objective(up, none) - smooth.objective(down, none)) / (2 * step);
      EXPECT_NEAR(gradient[i], difference, 1e-5 * (1 + std::abs(difference)));
      smooth.constraint_values(up, values_up, none);
      smooth.constraint_values(down, values_down, none);
      for (size_t row = 0; row < constraints; ++row) {
        const double slope = (values_up[row] - values_down[row]) / (2 * step);
        EXPECT_NEAR(jacobian[row * variables + i], slope, 1e-5 * (1 + std::abs(slope))) << "constraint " << row;
      }
    }
  }
}

TEST_P(GradientTest, TheRelaxedOptimumIsFeasibleAndAboveAnyRoundedOne) {
  const DesignProblem problem = WithTightRanges(LoadProblem(base::ConfigsFolder() + "/design/r18-224.yaml", {"formulation=" + GetParam()}));
  const RelaxedDesign design = Relaxation(problem, {3, 5, 5, 5, 5, 5}).Solve(3, 0.5, {});
  EXPECT_LT(design.max_violation, 1e-6);
  if (GetParam() == "reference") {
    EXPECT_NEAR(design.objective, 36725.0, 1.0);
  }
}

INSTANTIATE_TEST_SUITE_P(Formulations, GradientTest, ::testing::Values("paper", "reference"));

}  // namespace
}  // namespace deepmad::mad
