// Entropy, effectiveness, FLOPs and parameters of the published structures against tests/golden/design_golden.json.
#include <gtest/gtest.h>

#include <fstream>

#include "base/build_info.h"
#include "base/json.h"
#include "mad/design.h"
#include "mad/report.h"
#include "tests/places.h"

namespace deepmad::mad {
namespace {

base::Json Goldens() {
  std::ifstream file(GoldenFolder() + "/design_golden.json");
  return base::Json::parse(file).at("designs");
}

void ExpectRelative(double actual, const base::Json& expected, const std::string& what) {
  EXPECT_NEAR(actual, expected.get<double>(), 1e-9 * std::abs(expected.get<double>())) << what;
}

NetworkSpec Structure(const base::Json& golden) {
  return LoadNetwork(base::ConfigsFolder() + "/arch/" + golden.at("name").get<std::string>() + ".yaml");
}

TEST(DesignGoldenTest, ReferenceFormulationEqualsTheReleasedCode) {
  for (const base::Json& golden : Goldens()) {
    const NetworkSpec network = Structure(golden);
    const Assessment assessment = Assess(NeutralProblem(network, ReferenceFormulation()), network);
    const base::Json& expected = golden.at("deepmad");
    ASSERT_EQ(assessment.score.stages.size(), expected.at("stage_entropy").size());
    for (size_t i = 0; i < assessment.score.stages.size(); ++i) {
      const StageScore<double>& stage = assessment.score.stages[i];
      const double weight = expected.at("multi_block_ratio")[i];
      ExpectRelative(stage.entropy * weight, expected.at("stage_score")[i], "stage_score");
      ExpectRelative(stage.effectiveness, golden.at("effectiveness").at("per_stage_prefix")[i], "per_stage_prefix");
      EXPECT_EQ(stage.layers, golden.at("stages")[i].at("cumulative_layers").get<double>());
    }
    ExpectRelative(assessment.score.weighted_entropy, expected.at("score_before_penalty"), "score_before_penalty");
    ExpectRelative(assessment.score.depth_penalty, expected.at("depth_penalty"), "depth_penalty");
    ExpectRelative(assessment.score.objective, expected.at("score"), "score");
    ExpectRelative(assessment.effectiveness, golden.at("effectiveness").at("reference_max_over_stages"), "effectiveness");
  }
}

TEST(DesignGoldenTest, PaperFormulationEqualsThePaperForm) {
  for (const base::Json& golden : Goldens()) {
    const NetworkSpec network = Structure(golden);
    DesignProblem problem = NeutralProblem(network, PaperFormulation());
    problem.objective.depth_penalty = 1;
    problem.objective.depth_term = DepthTerm::kExpVariance;
    const Assessment assessment = Assess(problem, network);
    const base::Json& expected = golden.at("paper_form");
    for (size_t i = 0; i < assessment.score.stages.size(); ++i) {
      ExpectRelative(assessment.score.stages[i].entropy, expected.at("stage_entropy")[i], "stage_entropy");
    }
    ExpectRelative(assessment.score.weighted_entropy, expected.at("weighted_sum"), "weighted_sum");
    ExpectRelative(assessment.score.depth_penalty, expected.at("Q_exp_variance"), "Q_exp_variance");
    ExpectRelative(assessment.score.stages.back().effectiveness, expected.at("effectiveness_whole_network"), "effectiveness_whole_network");
  }
}

TEST(DesignGoldenTest, CostsAreExactInBothConventions) {
  for (const base::Json& golden : Goldens()) {
    const NetworkSpec network = Structure(golden);
    const NetworkCost cost = Cost(network);
    EXPECT_EQ(cost.reference_flops, golden.at("flops").at("reference").get<double>());
    EXPECT_EQ(cost.macs, golden.at("flops").at("total_macs").get<double>());
    EXPECT_EQ(cost.params_backbone, golden.at("params").at("torch_backbone").get<double>());
    EXPECT_EQ(cost.params, golden.at("params").at("torch_total").get<double>());
    EXPECT_EQ(cost.layers, golden.at("num_layers").get<int>());
    const std::vector<BlockTotals<double>> blocks = CountBlocks(network);
    for (const base::Json& block : golden.at("per_block")) {
      const BlockTotals<double>& totals = blocks.at(block.at("index").get<size_t>());
      EXPECT_EQ(totals.reference_flops, block.at("flops").get<double>());
      EXPECT_EQ(totals.params, block.at("params").get<double>());
    }
  }
}

}  // namespace
}  // namespace deepmad::mad
