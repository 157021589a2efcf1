#include "mad/search/nlopt_adapter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace deepmad::mad {
namespace {

// maximise x y on the quarter disc x^2 + y^2 <= 2: (1, 1)
SmoothProblem QuarterDisc() {
  SmoothProblem problem;
  problem.lower = {0, 0};
  problem.upper = {5, 5};
  problem.constraints = 1;
  problem.objective = [](const std::vector<double>& x, std::vector<double>& gradient) {
    if (!gradient.empty()) gradient = {x[1], x[0]};
    return x[0] * x[1];
  };
  problem.constraint_values = [](const std::vector<double>& x, std::vector<double>& values, std::vector<double>& jacobian) {
    values = {x[0] * x[0] + x[1] * x[1] - 2};
    if (!jacobian.empty()) jacobian = {2 * x[0], 2 * x[1]};
  };
  return problem;
}

TEST(NloptAdapterTest, FindsAConstrainedMaximum) {
  const SmoothResult result = Maximise(QuarterDisc(), {3, 0.1});
  EXPECT_EQ(result.termination, Termination::kConverged);
  EXPECT_NEAR(result.x[0], 1, 1e-5);
  EXPECT_NEAR(result.x[1], 1, 1e-5);
  EXPECT_GT(result.evaluations, 1);
}

TEST(NloptAdapterTest, EveryMethodComesToTheConstrainedMaximum) {
  for (const Algorithm algorithm : kAlgorithms) {
    SmoothOptions options;
    options.algorithm = algorithm;
    options.max_evaluations = 20000;
    const SmoothResult result = Maximise(QuarterDisc(), {1.2, 0.3}, options);
    EXPECT_NE(result.termination, Termination::kFailed) << AlgorithmName(algorithm);
    EXPECT_NEAR(result.x[0], 1, 0.05) << AlgorithmName(algorithm);
    EXPECT_NEAR(result.x[1], 1, 0.05) << AlgorithmName(algorithm);
  }
}

TEST(NloptAdapterTest, ClampsTheStartAndStopsAtTheEvaluationLimit) {
  SmoothOptions options;
  options.max_evaluations = 2;
  const SmoothResult result = Maximise(QuarterDisc(), {-100, 100}, options);
  EXPECT_EQ(result.termination, Termination::kEvaluationLimit);
  EXPECT_LE(result.evaluations, 3);
}

TEST(NloptAdapterTest, AnObjectiveThatIsNotANumberGivesAFiniteAnswer) {
  SmoothProblem problem = QuarterDisc();
  problem.objective = [](const std::vector<double>&, std::vector<double>& gradient) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    if (!gradient.empty()) gradient = {nan, nan};
    return nan;
  };
  const SmoothResult result = Maximise(problem, {1, 2});
  EXPECT_TRUE(std::isfinite(result.x[0]) && std::isfinite(result.x[1]));
}

}  // namespace
}  // namespace deepmad::mad
