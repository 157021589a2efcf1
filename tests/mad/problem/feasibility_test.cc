#include "mad/problem/feasibility.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/build_info.h"
#include "mad/design/design.h"

namespace deepmad::mad {
namespace {

DesignProblem Problem(const std::string& rounding) {
  return LoadProblem(base::ConfigsFolder() + "/design/r18-224.yaml", {"rules.ratio_rounding=" + rounding});
}

TEST(AdmittedTest, ExactRatiosAskForATenthAndGiveFourfold) {
  const DesignProblem problem = Problem("exact");
  EXPECT_EQ(AdmittedBottlenecks(problem, problem.blocks[2], 1232).low, 128);
  EXPECT_EQ(AdmittedBottlenecks(problem, problem.blocks[2], 80).low, 8);
  EXPECT_EQ(AdmittedBottlenecks(problem, problem.blocks[2], 1232).high, 1232);
  EXPECT_EQ(AdmittedOutputs(problem, problem.blocks[2], 64).high, 256);
  EXPECT_EQ(AdmittedOutputs(problem, problem.blocks[2], 64).low, 64);
}

TEST(AdmittedTest, NearestRatiosRoundHalvesToEven) {
  const DesignProblem problem = Problem("nearest");
  EXPECT_EQ(AdmittedBottlenecks(problem, problem.blocks[2], 1232).low, 120);  // 123.2
  EXPECT_EQ(AdmittedBottlenecks(problem, problem.blocks[2], 120).low, 16);    // 1.5 multiples
  EXPECT_EQ(AdmittedBottlenecks(problem, problem.blocks[2], 200).low, 16);    // 2.5
  EXPECT_EQ(AdmittedBottlenecks(problem, problem.blocks[2], 280).low, 32);    // 3.5
  EXPECT_EQ(AdmittedBottlenecks(problem, problem.blocks[2], 16).low, 8);      // at least one multiple
  EXPECT_EQ(AdmittedOutputs(problem, problem.blocks[2], 64).high, 272);       // 272 / 4 = 8.5 multiples: down to 8
  EXPECT_EQ(AdmittedOutputs(problem, problem.blocks[2], 72).high, 296);       // 304 / 4 = 9.5 multiples would go up to 10
}

TEST(AdmittedTest, NearestRatiosAgreeWithTheirDefinitionForEveryInput) {
  const DesignProblem problem = Problem("nearest");
  for (int in = 8; in <= 512; in += 8) {
    int largest = 0;
    for (int out = 8; out <= 2048; out += 8) {
      if (std::max(1.0, std::nearbyint(out / 32.0)) * 8 <= in) largest = out;
    }
    EXPECT_EQ(AdmittedOutputs(problem, problem.blocks[2], in).high, std::min(largest, 2048)) << in;
  }
}

TEST(AdmittedTest, TightRangesKeepEveryAdmittedStructure) {
  for (const std::string rounding : {"exact", "nearest"}) {
    const DesignProblem problem = Problem(rounding), tight = WithTightRanges(problem);
    // The widest growth there is, front to back.
    Candidate widest;
    int in = problem.input.channels;
    for (const BlockVariables& block : problem.blocks) {
      in = AdmittedOutputs(problem, block, in).high;
      widest.blocks.push_back({block.kernels.front(), 1, in, block.is_stage ? AdmittedBottlenecks(problem, block, in).low : 0});
    }
    EXPECT_TRUE(IsAdmitted(problem, widest));
    EXPECT_TRUE(IsAdmitted(tight, widest)) << rounding;
  }
}

// Between 0.3 and 0.31 of 40, 48 or 56 there is no multiple of 8, and yet 16 is between 0.3 * 40 and 0.31 * 56.
TEST(AdmittedTest, SaysWhetherItIsProvenThatTheRulesLeaveNothing) {
  const auto message = [](const std::string& solver) -> std::string {
    try {
      Design(
          LoadProblem(base::ConfigsFolder() + "/design/r18-224.yaml",
                      {"solver.name=" + solver, "solver.evolution.evaluations=1000", "stages.0.out_channels=[40, 56]",
                       "stages.0.bottleneck_channels=[8, 64]", "rules.bottleneck_over_out=[0.3, 0.31]", "solver.time_limit_seconds=600"}));
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kInfeasible);
      return error.what();
    }
    return "a design";
  };
  EXPECT_NE(message("nlopt").find("proven that no structure keeps the rules"), std::string::npos) << message("nlopt");
  EXPECT_NE(message("evolution").find("no structure found that keeps the width rules"), std::string::npos) << message("evolution");
}

}  // namespace
}  // namespace deepmad::mad
