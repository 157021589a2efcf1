// The published search problems under configs/design/ against tests/golden/search_problems.json.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "base/build_info.h"
#include "mad/design/design.h"
#include "tests/mad/golden_structures.h"

namespace deepmad::mad {
namespace {

base::Json Problems() {
  std::ifstream file(GoldenFolder() + "/search_problems.json");
  return base::Json::parse(file).at("problems");
}

DesignProblem Load(std::string name, const std::vector<std::string>& overrides = {}) {
  std::replace(name.begin(), name.end(), '_', '-');
  return LoadProblem(base::ConfigsFolder() + "/design/" + name + ".yaml", overrides);
}

double Used(const Assessment& assessment, const std::string& quantity) {
  if (quantity == "score") return assessment.score.objective;
  for (const Budget budget : kEveryBudget) {
    if (kBudgetInfos[budget].name == quantity) return assessment.used[budget];
  }
  throw std::logic_error("unknown quantity " + quantity);
}

std::optional<double> LimitOf(const DesignProblem& problem, const std::string& quantity) {
  if (quantity == "latency") return problem.budgets.latency;
  for (const BudgetInfo& info : kBudgetInfos) {
    if (info.name == quantity) return problem.budgets.*info.limit;
  }
  return std::nullopt;
}

TEST(SearchProblemsTest, BudgetsAndStartStructuresAreThePublishedOnes) {
  for (const base::Json& golden : Problems()) {
    SCOPED_TRACE(golden.at("name").get<std::string>());
    const DesignProblem problem = Load(golden.at("name"));
    for (const base::Json& budget : golden.at("budgets")) {
      const std::optional<double> limit = LimitOf(problem, budget.at("quantity"));
      ASSERT_TRUE(limit.has_value()) << budget.at("quantity");
      EXPECT_DOUBLE_EQ(*limit, budget.at("max").get<double>()) << budget.at("quantity");
    }
    EXPECT_EQ(problem.objective.stage_weights, golden.at("score").at("multi_block_ratio").get<std::vector<double>>());
    EXPECT_EQ(problem.solver.evolution.population, golden.at("search").at("population").get<int>());
    EXPECT_EQ(problem.solver.evolution.evaluations, golden.at("search").at("evaluations").get<int64_t>());
    ASSERT_TRUE(problem.solver.start.has_value());
    const Assessment start = Assess(problem, ToNetwork(problem, *problem.solver.start));
    for (const auto& [quantity, value] : golden.at("initial_values").items()) ExpectRelative(Used(start, quantity), value, quantity);
    EXPECT_EQ(start.violations.empty(), golden.at("initial_feasible").get<bool>());
  }
}

TEST(SearchProblemsTest, PublishedStructuresHaveThePublishedValues) {
  int structures = 0;
  for (const base::Json& golden : Problems()) {
    if (!Has(golden, "published_structure") || !golden.at("published_values").is_object()) continue;
    SCOPED_TRACE(golden.at("name").get<std::string>());
    const DesignProblem problem = Load(golden.at("name"));
    const Assessment published =
        Assess(problem, LoadNetwork(base::ConfigsFolder() + "/arch/" + golden.at("published_structure").get<std::string>() + ".yaml"));
    for (const auto& [quantity, value] : golden.at("published_values").items()) ExpectRelative(Used(published, quantity), value, quantity);
    for (const auto& [quantity, within] : golden.at("published_within_budget").items()) {
      EXPECT_EQ(Used(published, quantity) <= *LimitOf(problem, quantity), within.get<bool>()) << quantity;
    }
    ++structures;
  }
  EXPECT_GT(structures, 0);
}

TEST(SearchProblemsTest, ALatencyTableThatIsNotPublishedStopsWithOneLine) {
  int problems = 0;
  for (const base::Json& golden : Problems()) {
    const DesignProblem problem = Load(golden.at("name"));
    if (!problem.budgets.latency) continue;
    ++problems;
    try {
      Design(problem);
      ADD_FAILURE() << problem.name << " was solved";
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
      const std::string message = error.what();
      EXPECT_NE(message.find(problem.budgets.latency_table + "', which is not published"), std::string::npos) << message;
      EXPECT_EQ(message.find('\n'), std::string::npos);
    }
  }
  EXPECT_EQ(problems, 4);
}

// Each family by its own formulation; the designs keep the budgets and are at least as good as the published structures.
TEST(SearchProblemsTest, DesignsOfEveryFamilyBeatThePublishedStructures) {
  for (const base::Json& golden : Problems()) {
    const std::string name = golden.at("name");
    if (name != "action_recognition-e3d_x3ds_flops" && name != "classification-mbv2_flops" && name != "classification-deepmad_29m_224" &&
        name != "quant-mixed_7d0g") {
      continue;
    }
    SCOPED_TRACE(name);
    const DesignProblem problem = Load(name, {"solver.time_limit_seconds=60"});
    const DesignResult result = Design(problem);
    EXPECT_TRUE(result.IsUsable());
    EXPECT_TRUE(result.assessment.violations.empty());
    if (Has(golden, "published_structure")) {
      EXPECT_GE(result.assessment.score.objective, golden.at("published_values").at("score").get<double>());
    } else {
      EXPECT_GE(result.assessment.score.objective, 2 * golden.at("initial_values").at("score").get<double>());
    }
  }
}

}  // namespace
}  // namespace deepmad::mad
