// Entropy, effectiveness and penalty of the published structures in every formulation, against tests/golden/design_golden.json.
#include "mad/design/design.h"
#include "mad/report/design_report.h"
#include "tests/mad/golden_structures.h"

namespace deepmad::mad {
namespace {

Assessment AssessBy(const NetworkSpec& network, const Formulation& formulation) {
  return Assess(NeutralProblem(network, formulation), network);
}

void ExpectStages(const Assessment& assessment, const base::Json& stage_entropy) {
  ASSERT_EQ(assessment.score.stages.size(), stage_entropy.size());
  for (size_t i = 0; i < stage_entropy.size(); ++i) ExpectRelative(assessment.score.stages[i].entropy, stage_entropy[i], "stage_entropy");
}

// "0,0,1,1,6"
std::vector<double> Weights(const std::string& text) {
  std::vector<double> weights;
  for (size_t at = 0; at < text.size(); at = text.find(',', at) == std::string::npos ? text.size() : text.find(',', at) + 1) {
    weights.push_back(std::stod(text.substr(at)));
  }
  return weights;
}

void ExpectMadnas(const NetworkSpec& network, const base::Json& expected) {
  ExpectStages(AssessBy(network, MadnasFormulation()), expected.at("stage_entropy"));
  for (const auto& [weights, score] : expected.at("score").items()) {
    DesignProblem problem = NeutralProblem(network, MadnasFormulation());
    problem.objective.stage_weights = Weights(weights);
    ExpectRelative(Assess(problem, network).score.objective, score, "score " + weights);
  }
}

TEST(EntropyGoldenTest, UnitsHaveTheReleasedWidths) {
  int structures = 0;
  for (const base::Json& golden : Goldens()) {
    if (!Has(golden, "unit_width_products")) continue;
    SCOPED_TRACE(golden.at("name").get<std::string>());
    const NetworkSpec network = GoldenStructure(golden);
    const std::vector<PlacedUnit> units = PlacedUnits(network);
    ASSERT_EQ(units.size(), golden.at("unit_width_products").size());
    for (size_t i = 0; i < units.size(); ++i) {
      const double log_width = CountOf(units[i]).log_width;
      ExpectRelative(std::exp(log_width), golden.at("unit_width_products")[i], "unit_width_products");
      ExpectRelative(0.5 * log_width, golden.at("unit_log_std")[i], "unit_log_std");
    }
    ++structures;
  }
  EXPECT_GT(structures, 0);
}

TEST(EntropyGoldenTest, EffectivenessIsThatOfEveryPrefix) {
  for (const base::Json& golden : Goldens()) {
    if (!Has(golden, "effectiveness")) continue;
    SCOPED_TRACE(golden.at("name").get<std::string>());
    const Assessment assessment = AssessBy(GoldenStructure(golden), ReferenceFormulation());
    const base::Json& expected = golden.at("effectiveness");
    for (size_t i = 0; i < assessment.score.stages.size(); ++i) {
      ExpectRelative(assessment.score.stages[i].effectiveness, expected.at("per_stage_prefix")[i], "per_stage_prefix");
    }
    ExpectRelative(assessment.score.stages.back().effectiveness, expected.at("whole_network"), "whole_network");
    ExpectRelative(assessment.used[kEffectiveness], expected.at("reference_max_over_stages"), "reference_max_over_stages");
  }
}

TEST(EntropyGoldenTest, ReferenceFormulationEqualsTheReleasedScore) {
  int structures = 0;
  for (const base::Json& golden : Goldens()) {
    if (!Has(golden, "deepmad")) continue;
    SCOPED_TRACE(golden.at("name").get<std::string>());
    const NetworkSpec network = GoldenStructure(golden);
    const DesignProblem problem = NeutralProblem(network, ReferenceFormulation());
    const Assessment assessment = Assess(problem, network);
    const base::Json& expected = golden.at("deepmad");
    EXPECT_EQ(ReferenceFormulation().score_image_side, expected.at("image_size_used").get<int>());
    EXPECT_EQ(problem.objective.stage_weights, expected.at("multi_block_ratio").get<std::vector<double>>());
    ExpectStages(assessment, expected.at("stage_entropy"));
    for (size_t i = 0; i < assessment.score.stages.size(); ++i) {
      ExpectRelative(assessment.score.stages[i].entropy * problem.objective.stage_weights[i], expected.at("stage_score")[i], "stage_score");
    }
    ExpectRelative(assessment.score.weighted_entropy, expected.at("score_before_penalty"), "score_before_penalty");
    if (!Has(expected, "score")) continue;  // the released code stops where there are not 5 residual blocks
    const ScoreLayout layout = MakeScoreLayout(network, ReferenceFormulation());
    std::vector<int> depths;
    for (size_t i = 0; i < network.blocks.size(); ++i) {
      if (layout.in_penalty[i]) depths.push_back(network.blocks[i].depth);
    }
    EXPECT_EQ(depths, expected.at("penalty_depths").get<std::vector<int>>());
    ExpectRelative(std::sqrt(DepthVariance(CountBlocks(network), layout)), expected.at("depth_std"), "depth_std");
    ExpectRelative(assessment.score.depth_penalty, expected.at("depth_penalty"), "depth_penalty");
    ExpectRelative(assessment.score.objective, expected.at("score"), "score");
    ++structures;
  }
  EXPECT_GT(structures, 0);
}

TEST(EntropyGoldenTest, PaperFormulationEqualsThePaperForm) {
  int structures = 0;
  for (const base::Json& golden : Goldens()) {
    if (!Has(golden, "paper_form")) continue;
    SCOPED_TRACE(golden.at("name").get<std::string>());
    const NetworkSpec network = GoldenStructure(golden);
    DesignProblem problem = NeutralProblem(network, PaperFormulation());
    problem.objective.depth_penalty = 1;
    problem.objective.depth_term = DepthTerm::kExpVariance;
    const Assessment assessment = Assess(problem, network);
    const base::Json& expected = golden.at("paper_form");
    ExpectStages(assessment, expected.at("stage_entropy"));
    for (size_t i = 0; i < assessment.score.stages.size(); ++i) {
      ExpectRelative(assessment.score.stages[i].effectiveness, expected.at("effectiveness_per_stage_prefix")[i], "prefix");
    }
    ExpectRelative(assessment.score.weighted_entropy, expected.at("weighted_sum"), "weighted_sum");
    ExpectRelative(DepthVariance(CountBlocks(network), MakeScoreLayout(network, PaperFormulation())), expected.at("depth_variance"), "var");
    ExpectRelative(assessment.score.depth_penalty, expected.at("Q_exp_variance"), "Q_exp_variance");
    ExpectRelative(assessment.score.stages.back().effectiveness, expected.at("effectiveness_whole_network"), "whole network");
    ++structures;
  }
  EXPECT_GT(structures, 0);
}

TEST(EntropyGoldenTest, MadnasFormulationEqualsTheReleasedScore) {
  int structures = 0;
  for (const base::Json& golden : Goldens()) {
    if (!Has(golden, "madnas")) continue;
    SCOPED_TRACE(golden.at("name").get<std::string>());
    const NetworkSpec network = GoldenStructure(golden);
    const base::Json& expected = golden.at("madnas");
    ExpectMadnas(network, expected);
    const std::vector<PlacedUnit> units = PlacedUnits(network);
    ASSERT_EQ(units.size(), expected.at("unit_log_std").size());
    for (size_t i = 0; i < units.size(); ++i) {
      const UnitCount<double> count = CountOf(units[i]);
      ExpectRelative(UnitsEntropy(count.log_width, 1.0, 0, count.log_quantisation, MadnasFormulation()), expected.at("unit_log_std")[i],
                     "unit_log_std");
    }
    if (Has(golden, "madnas_without_quantization")) ExpectMadnas(WithoutBits(network), golden.at("madnas_without_quantization"));
    ++structures;
  }
  EXPECT_GT(structures, 0);
}

TEST(EntropyGoldenTest, StentrFormulationEqualsTheReleasedScore) {
  int structures = 0;
  for (const base::Json& golden : Goldens()) {
    if (!Has(golden, "stentr")) continue;
    SCOPED_TRACE(golden.at("name").get<std::string>());
    const NetworkSpec network = GoldenStructure(golden);
    EXPECT_EQ(StentrFormulation().score_image_side, golden.at("stentr").at("reference_default_image_size_160").at("image_size").get<int>());
    for (const auto& [variant, expected] : golden.at("stentr").items()) {
      Formulation formulation = StentrFormulation();
      formulation.score_image_side = expected.at("image_size").get<int>();
      EXPECT_EQ(network.input.frames, expected.at("frames").get<int>());
      const Assessment assessment = AssessBy(network, formulation);
      ExpectStages(assessment, expected.at("stage_entropy"));
      ExpectRelative(assessment.score.objective, expected.at("score_ratio_0_0_0_0_1"), variant);
      const ScoreLayout layout = MakeScoreLayout(network, formulation);
      const std::vector<PlacedUnit> units = PlacedUnits(network);
      ASSERT_EQ(units.size(), expected.at("unit_log_std").size());
      for (size_t i = 0; i < units.size(); ++i) {
        const double log_alpha = layout.log_alpha[static_cast<size_t>(units[i].block.index)];
        ExpectRelative(UnitsEntropy(CountOf(units[i]).log_width, 1.0, log_alpha, 0.0, formulation), expected.at("unit_log_std")[i],
                       "unit_log_std");
      }
    }
    ++structures;
  }
  EXPECT_GT(structures, 0);
}

TEST(QuantiserTest, StandardDeviationsEqualTheReleasedTable) {
  const base::Json file = GoldenFile();
  const base::Json& table = file.at("quant_std");
  for (size_t row = 0; row < table.at("s").size(); ++row) {
    for (size_t column = 0; column < table.at("bits").size(); ++column) {
      const double sigma = QuantisedStd(table.at("s")[row].get<double>(), table.at("bits")[column].get<int>());
      ExpectRelative(sigma, table.at("sigma")[row][column], "sigma");
    }
  }
}

}  // namespace
}  // namespace deepmad::mad
