#include "train/study/structure_cells.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "mad/design/design.h"
#include "mad/problem/feasibility.h"
#include "tests/study/small_study.h"
#include "train/metrics/rank_correlation.h"

namespace deepmad::train {
namespace {

mad::DesignProblem Problem() { return mad::ProblemFromConfig(SmallStudy().Section("problem")); }
CellOptions Options() { return ReadStudyPlan(SmallStudy()).wishes.front().cells; }

TEST(StructureCells, SamplesAreDifferentAdmittedAndWithinTheWindows) {
  const mad::DesignProblem problem = Problem();
  const std::vector<SampledStructure> samples = SampleStructures(mad::WithTightRanges(problem), Options(), 1);
  ASSERT_EQ(samples.size(), 400U);
  std::set<std::string> known;
  for (const SampledStructure& sample : samples) {
    EXPECT_TRUE(mad::IsAdmitted(problem, sample.candidate));
    const mad::NetworkSpec network = mad::ToNetwork(problem, sample.candidate);
    const mad::Assessment assessment = mad::Assess(problem, network);
    EXPECT_TRUE(assessment.violations.empty());
    EXPECT_GE(assessment.used[mad::kEffectiveness], 0.2 - 1e-9);
    EXPECT_LE(assessment.used[mad::kEffectiveness], 0.4 + 1e-9);
    EXPECT_GE(assessment.used[mad::kFlops], 0.6e6);
    EXPECT_GE(assessment.used[mad::kParams], 20e3);
    EXPECT_DOUBLE_EQ(assessment.cost.layers, sample.layers);
    EXPECT_NEAR(assessment.score.objective, sample.objective, 1e-6 * sample.objective);
    EXPECT_TRUE(known.insert(mad::NetworkToYaml(network)).second);
  }
}

TEST(StructureCells, TheSeedAloneDecides) {
  const mad::DesignProblem problem = Problem();
  const auto names = [&](uint64_t seed) {
    std::string text;
    for (const mad::NetworkSpec& network : OneOfEachCell(problem, Options(), seed)) text += mad::NetworkToYaml(network);
    return text;
  };
  EXPECT_EQ(names(1), names(1));
  EXPECT_NE(names(1), names(2));
}

// So that objective and layers can be told apart: among all samples one nearly gives the other.
TEST(StructureCells, ChosenStructuresAreLessCollinearThanSamples) {
  const mad::DesignProblem problem = Problem();
  std::vector<double> layers, objectives, chosen_layers, chosen_objectives;
  for (const SampledStructure& sample : SampleStructures(mad::WithTightRanges(problem), Options(), 1)) {
    layers.push_back(sample.layers);
    objectives.push_back(sample.objective);
  }
  const std::vector<mad::NetworkSpec> chosen = OneOfEachCell(problem, Options(), 1);
  ASSERT_EQ(chosen.size(), 6U);
  for (const mad::NetworkSpec& network : chosen) {
    const mad::Assessment assessment = mad::Assess(problem, network);
    chosen_layers.push_back(assessment.cost.layers);
    chosen_objectives.push_back(assessment.score.objective);
  }
  EXPECT_LT(SpearmanCorrelation(chosen_layers, chosen_objectives), SpearmanCorrelation(layers, objectives));
  EXPECT_LE(*std::max_element(chosen_layers.begin(), chosen_layers.begin() + 3),
            *std::min_element(chosen_layers.begin() + 3, chosen_layers.end()));
}

TEST(StructureCells, WindowsThatNothingFitsAreNamed) {
  CellOptions options = Options();
  options.windows["params"] = {1, 2};
  try {
    SampleStructures(mad::WithTightRanges(Problem()), options, 1);
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kInfeasible);
    EXPECT_NE(std::string(error.what()).find("only 0 of 400 structures"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace deepmad::train
