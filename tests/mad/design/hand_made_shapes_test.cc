#include "mad/design/hand_made_shapes.h"

#include <gtest/gtest.h>

#include "base/build_info.h"
#include "base/error.h"
#include "mad/design/design.h"
#include "mad/problem/budget_tolerance.h"

namespace deepmad::mad {
namespace {

DesignProblem Problem(const std::string& file, const std::vector<std::string>& overrides = {}) {
  return LoadProblem(base::ConfigsFolder() + "/design/" + file + ".yaml", overrides);
}

std::string ErrorOf(base::ErrorKind kind, const std::string& shape, const DesignProblem& problem) {
  try {
    HandMadeShape(shape, problem);
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  return "no error";
}

TEST(HandMadeShape, KeepsTheBudgetsAndFillsOneOfThem) {
  for (const char* file : {"fashion-28", "cifar-32", "r18-224"}) {
    const DesignProblem problem = Problem(file);
    for (const std::string& shape : HandMadeShapeNames()) {
      SCOPED_TRACE(std::string(file) + " " + shape);
      const NetworkSpec network = HandMadeShape(shape, problem);
      EXPECT_EQ(network.name, shape);
      EXPECT_NO_THROW(Validate(network));
      const Assessment assessment = Assess(problem, network);
      double fullest = 0;
      for (const Budget quantity : {kFlops, kParams}) {
        const double share = assessment.used[quantity] / *Limit(problem, quantity);
        EXPECT_LE(share, MostAllowed(1));
        fullest = std::max(fullest, share);
      }
      EXPECT_GT(fullest, 0.9);
      EXPECT_TRUE(network == HandMadeShape(shape, problem)) << "a function of the problem";
    }
  }
}

TEST(HandMadeShape, HasTheProportionsOfItsPaper) {
  const DesignProblem problem = Problem("r18-224");
  const NetworkSpec resnet = HandMadeShape("resnet", problem), regnet = HandMadeShape("regnet", problem);
  const NetworkSpec mobilenet = HandMadeShape("mobilenet_v2", problem), convnext = HandMadeShape("convnext", problem);
  for (size_t i = 2; i < resnet.blocks.size(); ++i) {
    EXPECT_EQ(resnet.blocks[i].out_channels, 2 * resnet.blocks[i - 1].out_channels);
    EXPECT_GE(resnet.blocks[i].depth, resnet.blocks[i - 1].depth);
  }
  for (size_t i = 2; i < regnet.blocks.size(); ++i) {
    EXPECT_EQ(regnet.blocks[i].type, "bottleneck");
    EXPECT_EQ(regnet.blocks[i].bottleneck_channels, regnet.blocks[i].out_channels);
    EXPECT_GT(regnet.blocks[i].out_channels, regnet.blocks[i - 1].out_channels);
  }
  ASSERT_EQ(mobilenet.blocks.size(), 8U);
  EXPECT_EQ(mobilenet.blocks[1].bottleneck_channels, mobilenet.blocks[1].out_channels) << "no expansion at the start";
  for (size_t i = 2; i < mobilenet.blocks.size(); ++i) {
    EXPECT_EQ(mobilenet.blocks[i].bottleneck_channels % mobilenet.blocks[i - 1].out_channels, 0);
  }
  std::vector<int> depths;
  for (size_t i = 1; i < convnext.blocks.size(); ++i) depths.push_back(convnext.blocks[i].depth);
  ASSERT_GE(depths.size(), 3U);
  EXPECT_EQ(depths[depths.size() - 2], 3 * depths[0]);
  EXPECT_EQ(depths.back(), depths[0]);
}

// As many resolutions as the problem has, so that the objective's stage weights fit.
TEST(HandMadeShape, WorksAtTheResolutionsOfTheProblem) {
  const DesignProblem problem = Problem("cifar-32");
  for (const std::string& shape : HandMadeShapeNames()) {
    SCOPED_TRACE(shape);
    const NetworkSpec network = HandMadeShape(shape, problem);
    EXPECT_EQ(FeatureLevels(network).size(), problem.objective.stage_weights.size());
  }
}

TEST(HandMadeShape, SaysWhatIsWrong) {
  EXPECT_NE(ErrorOf(base::ErrorKind::kUsage, "resnett", Problem("fashion-28")).find("resnet"), std::string::npos);
  EXPECT_NE(ErrorOf(base::ErrorKind::kInfeasible, "resnet", Problem("action-recognition-e3d-x3dm-flops")).find("2-D blocks"),
            std::string::npos);
  EXPECT_NE(ErrorOf(base::ErrorKind::kInfeasible, "convnext", Problem("fashion-28", {"budgets.params=2e3"})).find("'convnext'"),
            std::string::npos);
  EXPECT_NE(
      ErrorOf(base::ErrorKind::kUsage, "resnet", Problem("fashion-28", {"budgets={latency_ms: null, layers: 40}"})).find("budgets.flops"),
      std::string::npos);
}

}  // namespace
}  // namespace deepmad::mad
