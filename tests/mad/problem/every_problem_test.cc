// Evaluator and relaxation on every problem of configs/design: every family, 3-D and quantised stages, every formulation.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/build_info.h"
#include "base/random.h"
#include "mad/design/design.h"
#include "mad/problem/feasibility.h"
#include "mad/search/candidate_evaluator.h"
#include "mad/search/continuous_relaxation.h"

namespace deepmad::mad {
namespace {

std::vector<std::string> ProblemNames() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(base::ConfigsFolder() + "/design")) {
    names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class EveryProblemTest : public ::testing::TestWithParam<std::string> {
 protected:
  EveryProblemTest() : problem_(WithTightRanges(LoadProblem(base::ConfigsFolder() + "/design/" + GetParam() + ".yaml"))) {}

  std::vector<KernelChoice> RandomKernels(base::Random& random) const {
    std::vector<KernelChoice> kernels;
    for (const BlockVariables& block : problem_.blocks) {
      kernels.push_back(block.kernels[static_cast<size_t>(random.UniformInt(0, static_cast<int64_t>(block.kernels.size()) - 1))]);
    }
    return kernels;
  }

  DesignProblem problem_;
};

TEST_P(EveryProblemTest, TheEvaluatorAgreesWithTheAssessment) {
  Evaluator evaluator(problem_);
  base::Random random(3, base::RandomPurpose::kSearch);
  const auto within = [&](const Range& range) { return range.low * std::pow(double(range.high) / range.low, random.Uniform()); };
  for (int trial = 0; trial < 50; ++trial) {
    std::vector<double> widths, bottlenecks, depths;
    for (const BlockVariables& block : problem_.blocks) {
      widths.push_back(within(block.out_channels));
      bottlenecks.push_back(block.bottleneck_channels.high > 0 ? within(block.bottleneck_channels) : 0);
      depths.push_back(within(block.depth));
    }
    const Candidate candidate = RoundToAdmitted(problem_, widths, bottlenecks, depths, RandomKernels(random));
    const NetworkSpec network = ToNetwork(problem_, candidate);
    Validate(network);
    EXPECT_EQ(ToCandidate(problem_, network), candidate);
    const Measures measures = evaluator.Evaluate(candidate);
    const Assessment assessment = Assess(problem_, network);
    EXPECT_NEAR(measures.objective, assessment.score.objective, 1e-9 * std::abs(assessment.score.objective));
    for (const Budget q : kEveryAdditive) EXPECT_NEAR(measures.used[q], assessment.used[q], 1e-12 * assessment.used[q]);
    EXPECT_NEAR(std::exp(measures.log_effectiveness), assessment.used[kEffectiveness], 1e-9 * assessment.used[kEffectiveness]);
    EXPECT_EQ(measures.excess > 0, !assessment.violations.empty());
  }
}

TEST_P(EveryProblemTest, GradientsOfTheRelaxationEqualFiniteDifferences) {
  base::Random random(4, base::RandomPurpose::kSearch);
  for (int trial = 0; trial < 3; ++trial) {
    const Relaxation relaxation(problem_, RandomKernels(random));
    const SmoothProblem& smooth = relaxation.smooth();
    const size_t variables = smooth.lower.size(), constraints = static_cast<size_t>(smooth.constraints);
    std::vector<double> x;
    for (size_t i = 0; i < variables; ++i) x.push_back(random.Uniform(smooth.lower[i], 0.5 * (smooth.lower[i] + smooth.upper[i]) + 1e-3));
    for (size_t i = variables - problem_.Stages(); i < variables; ++i) x[i] = random.Uniform(1, 3);  // the penalty grows like exp
    std::vector<double> gradient(variables), values(constraints), jacobian(constraints * variables), none;
    const double objective = smooth.objective(x, gradient);
    smooth.constraint_values(x, values, jacobian);
    for (size_t i = 0; i < variables; ++i) {
      const double step = 1e-5;
      std::vector<double> up = x, down = x, values_up(constraints), values_down(constraints);
      up[i] += step;
      down[i] -= step;
      const double slope = (smooth.objective(up, none) - smooth.objective(down, none)) / (2 * step);
      EXPECT_NEAR(gradient[i], slope, 1e-6 * (1 + std::abs(slope) + std::abs(objective)));
      smooth.constraint_values(up, values_up, none);
      smooth.constraint_values(down, values_down, none);
      for (size_t row = 0; row < constraints; ++row) {
        const double rise = (values_up[row] - values_down[row]) / (2 * step);
        EXPECT_NEAR(jacobian[row * variables + i], rise, 1e-6 * (1 + std::abs(rise) + std::abs(values[row]))) << "constraint " << row;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Configs, EveryProblemTest, ::testing::ValuesIn(ProblemNames()), [](const auto& parameter) {
  std::string name = parameter.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace deepmad::mad
