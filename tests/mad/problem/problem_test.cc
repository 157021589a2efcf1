#include "mad/problem/problem.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/build_info.h"
#include "mad/design/design.h"

namespace deepmad::mad {
namespace {

DesignProblem Load(const std::vector<std::string>& overrides = {}) {
  return LoadProblem(base::ConfigsFolder() + "/design/r18-224.yaml", overrides);
}

Candidate Deep(int depth) {
  Candidate candidate{{{3, 1, 32, 0}}};
  for (int i = 0; i < 5; ++i) candidate.blocks.push_back({3, i == 4 ? depth : 1, 64, 16});
  return candidate;
}

TEST(ProblemTest, APenaltyOfZeroIsNoPenaltyForAnyDepths) {
  const DesignProblem problem = Load({"objective.depth_penalty=0", "objective.depth_term=exp_var"});
  const Assessment assessment = Assess(problem, ToNetwork(problem, Deep(100)));
  EXPECT_EQ(assessment.score.depth_penalty, 0);
  EXPECT_TRUE(std::isfinite(assessment.score.objective)) << "though exp of the variance of these depths is infinite";
}

TEST(ProblemTest, AStructureAndItsNetworkAreTheSameThing) {
  const DesignProblem problem = Load();
  EXPECT_EQ(ToCandidate(problem, ToNetwork(problem, Deep(7))), Deep(7));
  EXPECT_THROW(ToCandidate(problem, ToNetwork(Load({"stages.2.type=basic"}), Deep(7))), base::Error);
}

TEST(ProblemTest, AStartMayBeAFileOrWrittenOut) {
  const std::string arch = base::ConfigsFolder() + "/arch/deepmad-r18.yaml";
  const DesignProblem from_file = Load({"solver.start=" + arch});
  ASSERT_TRUE(from_file.solver.start.has_value());
  EXPECT_EQ(ToNetwork(from_file, *from_file.solver.start).blocks, LoadNetwork(arch).blocks);
  EXPECT_FALSE(Load().solver.start.has_value());
  EXPECT_TRUE(LoadProblem(base::ConfigsFolder() + "/design/classification-deepmad-r18-flops.yaml").solver.start.has_value());
}

}  // namespace
}  // namespace deepmad::mad
