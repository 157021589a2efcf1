#include "mad/design/baseline_structures.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/build_info.h"
#include "mad/design/design.h"
#include "mad/problem/feasibility.h"

namespace deepmad::mad {
namespace {

DesignProblem Problem(const std::vector<std::string>& overrides = {}) {
  return LoadProblem(base::ConfigsFolder() + "/design/fashion-28.yaml", overrides);
}

std::string InfeasibleMessage(const std::function<void()>& work) {
  try {
    work();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kInfeasible);
    return error.what();
  }
  return "no error";
}

TEST(RandomStructureTest, KeepsRulesAndBudgetsAndUsesItsShare) {
  const DesignProblem problem = Problem();
  std::vector<NetworkSpec> drawn;
  for (uint64_t index = 0; index < 8; ++index) {
    const NetworkSpec network = RandomStructure(problem, 5, index, 0.8);
    EXPECT_TRUE(IsAdmitted(problem, ToCandidate(problem, network)));
    const Assessment assessment = Assess(problem, network);
    EXPECT_TRUE(assessment.violations.empty()) << ViolationTexts(assessment.violations).front();
    EXPECT_GE(assessment.used[kFlops], 0.8 * 4e6);
    EXPECT_TRUE(network == RandomStructure(problem, 5, index, 0.8)) << "a function of seed and index";
    EXPECT_EQ(std::count(drawn.begin(), drawn.end(), network), 0);
    drawn.push_back(network);
  }
  EXPECT_FALSE(RandomStructure(problem, 6, 0, 0.8) == drawn[0]);
}

TEST(RandomStructureTest, SaysWhatNoneOfThemReaches) {
  const DesignProblem problem = Problem({"budgets.flops=1e15", "budgets.params=1e6"});
  EXPECT_NE(InfeasibleMessage([&] { RandomStructure(problem, 1, 0, 0.9); }).find("uses 90 % of the FLOPs"), std::string::npos);
}

TEST(ResNetLikeTest, HasTheCostAskedForAndTheProportions) {
  for (const char* file : {"fashion-28", "r18-224"}) {
    SCOPED_TRACE(file);
    const DesignProblem problem = LoadProblem(base::ConfigsFolder() + "/design/" + file + ".yaml");
    const StructureCost cost{*problem.budgets.flops, *problem.budgets.params};
    const NetworkSpec network = ResNetLike(problem, cost);
    const Assessment assessment = Assess(problem, network);
    EXPECT_LE(assessment.used[kFlops], 1.05 * cost.flops);
    EXPECT_LE(assessment.used[kParams], 1.05 * cost.params);
    EXPECT_GE(assessment.used[kFlops], 0.6 * cost.flops);
    EXPECT_GE(assessment.used[kParams], 0.6 * cost.params);
    ASSERT_EQ(network.blocks.size(), problem.blocks.size());
    int deepest = 0, shallowest = 100;
    for (size_t i = 1; i < network.blocks.size(); ++i) {
      const BlockSpec& block = network.blocks[i];
      EXPECT_EQ(block.type, "basic");
      EXPECT_EQ(block.stride, problem.blocks[i].stride);
      const int growth = i > 1 && block.stride == 2 ? 2 : 1;
      EXPECT_EQ(block.out_channels, growth * network.blocks[i - 1].out_channels);
      deepest = std::max(deepest, block.depth);
      shallowest = std::min(shallowest, block.depth);
    }
    EXPECT_LE(deepest, 2 * shallowest);
  }
  EXPECT_NE(InfeasibleMessage([&] { ResNetLike(Problem(), {100, 100}); }).find("as small as that"), std::string::npos);
}

TEST(ScaledTest, MultipliesWidthsUpToTheCost) {
  const DesignProblem problem = Problem();
  NetworkSpec network = RandomStructure(problem, 1, 0, 0.8);
  for (BlockSpec& block : network.blocks) {
    block.out_channels *= 3;
    block.bottleneck_channels *= 3;
  }
  const StructureCost cost{2e6, 1e5};
  const NetworkSpec scaled = Scaled(problem, network, cost);
  const Assessment assessment = Assess(problem, scaled);
  EXPECT_LE(assessment.used[kFlops], cost.flops);
  EXPECT_LE(assessment.used[kParams], cost.params);
  EXPECT_TRUE(assessment.used[kFlops] > 0.7 * cost.flops || assessment.used[kParams] > 0.7 * cost.params);
  for (size_t i = 0; i < network.blocks.size(); ++i) {
    EXPECT_EQ(scaled.blocks[i].depth, network.blocks[i].depth);
    EXPECT_EQ(scaled.blocks[i].out_channels % problem.channel_multiple, 0);
  }
  EXPECT_NE(InfeasibleMessage([&] { Scaled(problem, network, {100, 100}); }).find("at its narrowest"), std::string::npos);
}

}  // namespace
}  // namespace deepmad::mad
