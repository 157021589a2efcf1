// What a design says stops it, against problems made so that it is known.
#include "mad/design/binding.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/build_info.h"
#include "mad/report/design_report.h"

namespace deepmad::mad {
namespace {

using Names = std::vector<std::string>;

DesignProblem Load(const std::string& name, const std::vector<std::string>& overrides = {}) {
  return LoadProblem(base::ConfigsFolder() + "/design/" + name + ".yaml", overrides);
}

bool Holds(const Names& names, const std::string& name) { return std::find(names.begin(), names.end(), name) != names.end(); }

TEST(BindingTest, TheQuickStartLeavesParametersUnusedAndSaysWhatStopsIt) {
  const DesignProblem problem = Load("fashion-28");
  const DesignResult result = Design(problem);
  const Binding binding = WhatBinds(problem, result.network);
  EXPECT_LT(result.assessment.used[kParams], 0.8 * *problem.budgets.params);
  EXPECT_TRUE(Holds(binding.unused, "params"));
  EXPECT_TRUE(Holds(binding.budgets, "flops"));
  const base::Json report = DesignReportJson(problem, result, "problem.yaml");
  EXPECT_EQ(report.at("binding").at("unused").get<Names>(), binding.unused);
  EXPECT_EQ(report.at("binding").at("budgets").get<Names>(), binding.budgets);
  const std::string table = DesignTable(problem, result);
  EXPECT_NE(table.find("  binds: FLOPs ("), std::string::npos) << table;
  EXPECT_NE(table.find("  room left: parameters ("), std::string::npos) << table;
  EXPECT_NE(table.find(" would use it\n"), std::string::npos) << table;
}

TEST(BindingTest, ABudgetThatIsCalledUnusedIsOfNoUseAndOneThatBindsIs) {
  for (const std::string name : {"fashion-28", "cifar-32"}) {
    const DesignProblem problem = Load(name);
    const DesignResult result = Design(problem);
    const Binding binding = WhatBinds(problem, result.network);
    ASSERT_FALSE(binding.budgets.empty()) << name;
    DesignProblem larger = problem;
    for (const BudgetInfo& info : kBudgetInfos) {
      std::optional<double>& limit = larger.budgets.*info.limit;
      if (limit && Holds(binding.budgets, info.name)) *limit *= 1.5;
    }
    EXPECT_GT(Design(larger).assessment.score.objective, result.assessment.score.objective) << name;
  }
}

TEST(BindingTest, WithoutBudgetsTheRangesAreAllThereIs) {
  const DesignProblem problem =
      Load("fashion-28", {"budgets={effectiveness: 1000}", "objective.depth_penalty=0", "stages.0.out_channels=[8, 16]"});
  const Binding binding = WhatBinds(problem, Design(problem).network);
  EXPECT_TRUE(binding.budgets.empty());
  EXPECT_EQ(binding.unused, Names{"effectiveness"});
  for (const char* key : {"stages.0.out_channels", "stages.0.depth", "stages.1.depth", "stages.2.depth"}) {
    EXPECT_TRUE(Holds(binding.ranges, key)) << key;
  }
}

TEST(BindingTest, ARuleThatStopsAStageIsNamed) {
  const DesignProblem problem = Load("fashion-28", {"budgets={effectiveness: 1000}", "objective.depth_penalty=0", "stem.out_channels=8",
                                                    "rules.out_over_in_max=2", "stages.2.out_channels=[8, 512]"});
  const Binding binding = WhatBinds(problem, Design(problem).network);
  EXPECT_TRUE(Holds(binding.rules, "rules.out_over_in_max"));
}

}  // namespace
}  // namespace deepmad::mad
