#include "mad/design/design.h"

#include <gtest/gtest.h>

#include "base/build_info.h"
#include "base/random.h"
#include "mad/problem/feasibility.h"
#include "mad/search/candidate_evaluator.h"

namespace deepmad::mad {
namespace {

DesignProblem Load(const std::string& name, const std::vector<std::string>& overrides = {}) {
  return LoadProblem(base::ConfigsFolder() + "/design/" + name + ".yaml", overrides);
}

DesignProblem Small(const std::vector<std::string>& overrides = {}) {
  base::Config config = base::Config::FromText(R"(
version: 1
name: small
input: {channels: 1, height: 28, width: 28}
stem: {out_channels: [8, 32], kernel: 3, stride: 1}
stages:
  - {type: bottleneck, stride: 2, kernel: [3, 5], depth: [1, 10], out_channels: [8, 256], bottleneck_channels: [8, 256]}
  - {type: basic, stride: 2, kernel: [3, 5], depth: [1, 10], out_channels: [8, 256], bottleneck_channels: [8, 256]}
budgets: {flops: 4.0e+6, params: 1.0e+5, effectiveness: 1.0}
solver: {time_limit_seconds: 300}
head: {classes: 10}
)");
  for (const std::string& assignment : overrides) config.Override(assignment);
  DesignProblem problem = ProblemFromConfig(config);
  config.CheckAllRead();
  return problem;
}

std::string InfeasibleMessage(const DesignProblem& problem) {
  try {
    Design(problem);
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kInfeasible);
    return error.what();
  }
  ADD_FAILURE() << "the problem was solved";
  return "";
}

TEST(DesignTest, KeepsEveryBudgetOfTheR18ProblemInBothFormulations) {
  for (const std::string formulation : {"paper", "reference"}) {
    const DesignProblem problem = Load("r18-224", {"formulation=" + formulation, "solver.time_limit_seconds=600", "solver.gap=0.01"});
    const DesignResult result = Design(problem);
    EXPECT_EQ(result.status, DesignStatus::kOptimalWithinGap);
    EXPECT_LE(*result.Gap(), 0.01 * (1 + 1e-9));
    EXPECT_LE(result.assessment.used[kFlops], 1.82e9);
    EXPECT_LE(result.assessment.used[kParams], 11.69e6);
    EXPECT_LE(result.assessment.used[kEffectiveness], 0.3);
    EXPECT_TRUE(result.assessment.violations.empty());
  }
}

TEST(DesignTest, ANetworkOfAnotherNumberOfStagesIsRefused) {
  const DesignProblem problem = Small();
  const NetworkSpec network = LoadNetwork(base::ConfigsFolder() + "/arch/deepmad-r18.yaml");
  try {
    Assess(problem, network);
    ADD_FAILURE() << "was assessed";
  } catch (const base::Error& error) {
    EXPECT_NE(std::string(error.what()).find("3 stage weights for the 5 stages of deepmad-r18"), std::string::npos) << error.what();
  }
}

TEST(DesignTest, ProvesTheOptimumOfR18) {
  const DesignResult result = Design(Load("r18-224", {"formulation=reference", "solver.time_limit_seconds=600", "solver.gap=1e-6"}));
  EXPECT_EQ(result.status, DesignStatus::kOptimalWithinGap);
  EXPECT_NEAR(result.assessment.score.objective, 36409.394, 0.002);
  EXPECT_LE(*result.Gap(), 1.01e-6);
}

TEST(DesignTest, IsTheSameForAnyNumberOfThreads) {
  const NetworkSpec one = Design(Small()).network;
  EXPECT_EQ(one, Design(Small({"solver.threads=3"})).network);
}

TEST(DesignTest, SolvesSmallInputsOfOneChannel) {
  const DesignProblem problem = Small();
  const DesignResult result = Design(problem);
  EXPECT_TRUE(result.IsUsable());
  EXPECT_GE(result.assessment.used[kFlops], 0.5 * 4e6) << "most of a budget that binds is used";
  EXPECT_EQ(result.network.input.channels, 1);
  EXPECT_LE(result.network.blocks[1].out_channels, result.network.blocks[2].out_channels);
}

// The formulation leaves out the first two depths of such networks.
TEST(DesignTest, AProofIsTightWhereNoDepthCountsInThePenalty) {
  const DesignResult result = Design(Small({"formulation=reference", "stages.1.type=bottleneck", "solver.gap=1e-4"}));
  EXPECT_EQ(result.status, DesignStatus::kOptimalWithinGap);
  EXPECT_EQ(result.assessment.score.depth_penalty, 10) << "exp of a variance of 0";
  EXPECT_LE(*result.Gap(), 1e-4 * (1 + 1e-9)) << "though the penalty is most of a small objective";
}

TEST(DesignTest, NamesTheBudgetThatEvenTheSmallestStructureExceeds) {
  const std::string message = InfeasibleMessage(Small({"budgets.params=500"}));
  EXPECT_NE(message.find("params"), std::string::npos) << message;
  EXPECT_NE(message.find("over the budget of 500"), std::string::npos) << message;
}

TEST(DesignTest, NamesAnEffectivenessThatCannotBeKept) {
  const std::string message = InfeasibleMessage(Small({"budgets.effectiveness=0.001", "solver.time_limit_seconds=60"}));
  EXPECT_NE(message.find("effectiveness"), std::string::npos) << message;
}

TEST(DesignTest, NamesAStageThatTheWidthRulesLeaveEmpty) {
  const std::string message = InfeasibleMessage(Small({"stages.0.out_channels=[128, 256]", "stages.1.out_channels=[8, 64]"}));
  EXPECT_NE(message.find("stage"), std::string::npos) << message;
}

TEST(DesignTest, RoundedCandidatesKeepTheRules) {
  const DesignProblem problem = WithTightRanges(Small());
  base::Random random(7, base::RandomPurpose::kSearch);
  for (int i = 0; i < 1000; ++i) {
    std::vector<double> widths, bottlenecks, depths;
    std::vector<KernelChoice> kernels;
    for (int k = 0; k < 3; ++k) {
      widths.push_back(random.Uniform(1, 400));
      bottlenecks.push_back(random.Uniform(1, 400));
      depths.push_back(random.Uniform(0, 20));
      kernels.push_back(3);
    }
    EXPECT_TRUE(IsAdmitted(problem, RoundToAdmitted(problem, widths, bottlenecks, depths, kernels)));
  }
}

TEST(DesignTest, TheFastEvaluatorAgreesWithTheAssessment) {
  for (const std::string formulation : {"paper", "reference"}) {
    const DesignProblem problem = WithTightRanges(Load("r18-224", {"formulation=" + formulation}));
    Evaluator evaluator(problem);
    base::Random random(3, base::RandomPurpose::kSearch);
    for (int i = 0; i < 200; ++i) {
      std::vector<double> widths{random.Uniform(8, 32)}, bottlenecks{0}, depths{1};
      std::vector<KernelChoice> kernels{3};
      for (int k = 0; k < 5; ++k) {
        widths.push_back(random.Uniform(8, 2048));
        bottlenecks.push_back(random.Uniform(8, 512));
        depths.push_back(random.Uniform(1, 30));
        kernels.push_back(KernelChoice(random.Bernoulli(0.5) ? 3 : 5));
      }
      const Candidate candidate = RoundToAdmitted(problem, widths, bottlenecks, depths, kernels);
      const Measures measures = evaluator.Evaluate(candidate);
      const Assessment assessment = Assess(problem, ToNetwork(problem, candidate));
      EXPECT_NEAR(measures.objective, assessment.score.objective, 1e-9 * std::abs(assessment.score.objective));
      for (const Budget q : kEveryAdditive) EXPECT_NEAR(measures.used[q], assessment.used[q], q < kMemory ? 0 : 1e-14 * assessment.used[q]);
      EXPECT_NEAR(std::exp(measures.log_effectiveness), assessment.used[kEffectiveness], 1e-9);
      EXPECT_EQ(measures.excess > 0, !assessment.violations.empty());
    }
  }
}

}  // namespace
}  // namespace deepmad::mad
