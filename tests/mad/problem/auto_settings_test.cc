#include "mad/problem/auto_settings.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/build_info.h"
#include "mad/design/design.h"

namespace deepmad::mad {
namespace {

TEST(AutomaticTest, TheBoundIsThatOfThePublishedNetworks) {
  int checked = 0;
  for (const auto& entry : std::filesystem::directory_iterator(base::ConfigsFolder() + "/design")) {
    const std::string name = entry.path().stem().string();
    if (!name.starts_with("classification-deepmad-")) continue;
    const DesignProblem published = LoadProblem(entry.path().string());
    const DesignProblem automatic = LoadProblem(entry.path().string(), {"budgets.effectiveness=auto"});
    EXPECT_DOUBLE_EQ(*automatic.budgets.effectiveness, *published.budgets.effectiveness) << name;
    ++checked;
  }
  EXPECT_EQ(checked, 7);
}

TEST(AutomaticTest, AMixtureLiesBetween) {
  const auto bound = [](const std::vector<std::string>& overrides) {
    std::vector<std::string> all = {"budgets.effectiveness=auto"};
    all.insert(all.end(), overrides.begin(), overrides.end());
    return *LoadProblem(base::ConfigsFolder() + "/design/fashion-28.yaml", all).budgets.effectiveness;
  };
  EXPECT_DOUBLE_EQ(bound({}), 0.3);
  EXPECT_NEAR(bound({"stages.2.type=dw_bottleneck"}), std::cbrt(0.3 * 0.3 * 0.5), 1e-12);
  EXPECT_NEAR(bound({"stages.0.type=dw_bottleneck", "stages.1.type=dw_bottleneck", "stages.2.type=dw_bottleneck"}), 0.5, 1e-12);
  EXPECT_DOUBLE_EQ(bound({"stages.2.type=transformer"}), 0.3) << "a depthwise convolution in the first unit alone";
}

TEST(AutomaticTest, TheLastStageWeighsTwiceAsMuchAsThoseBefore) {
  EXPECT_EQ(AutomaticStageWeights(5), (std::vector<double>{1, 1, 1, 1, 8}));
  EXPECT_EQ(AutomaticStageWeights(2), (std::vector<double>{1, 2}));
  EXPECT_EQ(AutomaticStageWeights(1), (std::vector<double>{1}));
  const DesignProblem problem = LoadProblem(base::ConfigsFolder() + "/design/fashion-28.yaml", {"objective.stage_weights=auto"});
  EXPECT_EQ(problem.objective.stage_weights, (std::vector<double>{1, 1, 4}));
}

TEST(AutomaticTest, ADesignKeepsTheBound) {
  const DesignResult result =
      Design(LoadProblem(base::ConfigsFolder() + "/design/fashion-28.yaml",
                         {"budgets.effectiveness=auto", "objective.stage_weights=auto", "solver.time_limit_seconds=600"}));
  EXPECT_LE(result.assessment.used[kEffectiveness], 0.3 * (1 + 1e-9));
}

}  // namespace
}  // namespace deepmad::mad
