#include "mad/latency/latency_model.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "mad/cost/network_cost.h"
#include "mad/cost/training_step_cost.h"
#include "mad/design/design.h"
#include "mad/report/design_report.h"
#include "tests/mad/made_latency_table.h"
#include "tests/temporary_folder.h"

namespace deepmad::mad {
namespace {

constexpr double kScale = 1.25;  // of the made table's whole passes

LatencyModel MadeModel() { return LatencyModel(MadeLatencyTable(), "float32", 1, "table.json"); }

LayerWork<double> ConvWork(int kernel, int side, double in, double out) {
  return {"conv", {.op = FusedOp::kConv, .kernel = Square(kernel), .stride = Extent{}, .map = Square(side)}, in, out};
}

NetworkSpec SmallNetwork() {
  NetworkSpec network;
  network.input = {3, 64, 64, 1};
  network.blocks = {{.type = "conv", .stride = 2, .out_channels = 16},
                    {.type = "bottleneck", .depth = 3, .stride = 2, .out_channels = 48, .bottleneck_channels = 24},
                    {.type = "dw_se_bottleneck", .depth = 2, .kernel = 5, .stride = 2, .out_channels = 64, .bottleneck_channels = 96},
                    {.type = "basic", .stride = 1, .out_channels = 72, .bottleneck_channels = 40}};
  network.head.classes = 100;
  return network;
}

std::string MessageOf(const std::function<void()>& action) {
  try {
    action();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kUsage) << error.what();
    return error.what();
  }
  return "nothing thrown";
}

TEST(LatencyModel, GivesBackWhatMadeTheTableAtEveryLayer) {
  const LatencyTable table = MadeLatencyTable();
  const LatencyModel model = MadeModel();
  for (const LayerMeasurement& row : table.inference[0].layers) {
    const LayerWork<double> work{"", row.shape, static_cast<double>(row.in), static_cast<double>(row.out)};
    EXPECT_NEAR(model.Milliseconds(work), kScale * row.milliseconds.median, 1e-4 * row.milliseconds.median) << FusedOpName(row.shape.op);
  }
}

TEST(LatencyModel, InterpolatesBetweenMapSizesAndGrowsInProportionBeyondThem) {
  const LatencyModel model = MadeModel();
  const double at_8 = model.Milliseconds(ConvWork(3, 8, 40, 64)), at_16 = model.Milliseconds(ConvWork(3, 16, 40, 64));
  const double share = (144.0 - 64) / (256 - 64);
  EXPECT_NEAR(model.Milliseconds(ConvWork(3, 12, 40, 64)), at_8 + share * (at_16 - at_8), 1e-9);
  const double at_32 = model.Milliseconds(ConvWork(3, 32, 40, 64)), constant = kScale * 0.02;
  EXPECT_NEAR(model.Milliseconds(ConvWork(3, 64, 40, 64)) - constant, 4 * (at_32 - constant), 1e-4 * at_32);
}

TEST(LatencyModel, AttentionGrowsWithTheSquareOfTheMap) {
  const auto made = [](double area, double channels) { return 0.01 + 1e-8 * area * area * channels; };
  LatencyTable table = MadeLatencyTable();
  for (LayerMeasurement& row : table.inference.front().layers) {
    if (row.shape.op == FusedOp::kAttention) row.milliseconds.median = made(row.shape.map.Volume(), row.in);
  }
  const LatencyModel model(table, "float32", 1, "table.json");
  for (const int side : {8, 12, 24, 32, 64}) {  // 4 to 32 were measured
    const LayerWork<double> work{"attention", {.op = FusedOp::kAttention, .map = Square(side)}, 40, 40};
    const double expected = kScale * made(side * side, 40);
    EXPECT_NEAR(model.Milliseconds(work), expected, 1e-3 * expected) << side;
  }
}

TEST(LatencyModel, TakesTheNearestKindWhereItsOwnWasNotMeasured) {
  const LatencyModel model = MadeModel();
  LayerWork<double> wide = ConvWork(7, 16, 40, 64);
  const double of_5 = model.Milliseconds(ConvWork(5, 16, 40, 64)), constant = kScale * 0.02;
  EXPECT_NEAR(model.Milliseconds(wide) - constant, (of_5 - constant) * 49 / 25, 1e-9);
  LayerWork<double> silu = ConvWork(5, 16, 40, 64);
  silu.shape.activation = ActivationKind::kSigmoid;
  EXPECT_EQ(model.Milliseconds(silu), of_5);
  silu.shape.op = FusedOp::kQuantise;
  EXPECT_NE(MessageOf([&] { model.Milliseconds(silu); }).find("no layer of kind 'quantise': table.json"), std::string::npos);
}

TEST(LatencyModel, NamesTheCasesThatATableHas) {
  const std::string message = MessageOf([] { LatencyModel(MadeLatencyTable(), "bfloat16", 8, "t.json"); });
  EXPECT_NE(message.find("no inference in bfloat16 at batch 8: t.json: it has float32 at batch 1"), std::string::npos) << message;
}

TEST(LatencyModel, TheLatencyOfANetworkIsTheSumOfItsLayersAndOfItsBlocks) {
  const NetworkSpec network = SmallNetwork();
  Validate(network);
  const LatencyModel model = MadeModel();
  double layers = 0, blocks = 0;
  for (const LayerWork<double>& work : NetworkWork(network)) layers += model.Milliseconds(work);
  for (const BlockTotals<double>& block : CountBlocks(network, &model)) blocks += block.latency;
  for (const LayerWork<double>& work : WorkAroundBlocks(network)) blocks += model.Milliseconds(work);
  EXPECT_EQ(model.Milliseconds(network), layers);
  EXPECT_NEAR(blocks, layers, 1e-12 * layers);
  EXPECT_EQ(CountBlocks(network)[1].latency, 0);

  DesignProblem problem = NeutralProblem(network, PaperFormulation());
  EXPECT_FALSE(AssessmentJson(problem, Assess(problem, network))["budgets"].contains("latency_ms"));
  problem.budgets.latency_model = std::make_shared<LatencyModel>(model);
  const Assessment assessment = Assess(problem, network);
  EXPECT_NEAR(assessment.used[kLatency], layers, 1e-12 * layers);
  EXPECT_NE(BudgetTable(problem, assessment).find("ms predicted, float32 at batch 1, threads: 1"), std::string::npos);
}

TEST(StepModel, FindsWhatAStepIsMadeOf) {
  const NetworkSpec network = SmallNetwork();
  const StepModel model(MadeLatencyTable().training[0]);
  const TrainingAmounts amounts = TrainingAmountsOf(network);
  EXPECT_EQ(amounts[kStepParams], Cost(network).params);
  double macs = 0;
  for (const int work : {kPointwiseMacs, kKernelMacs, kDepthwiseMacs}) macs += amounts[static_cast<size_t>(work)];
  EXPECT_EQ(macs, Cost(network).macs);
  const double made = 2e-6 * amounts[kConvValues] + 5e-6 * amounts[kStepParams];
  EXPECT_NEAR(model.Milliseconds(network), made, 0.01 * made);
}

class LatencyBudget : public ::testing::Test {
 protected:
  DesignProblem Problem(const std::string& budgets) const {
    const std::string text = R"(version: 1
name: quick
input: {channels: 3, height: 64, width: 64}
stem: {out_channels: [8, 32], kernel: 3, stride: 2}
stages:
  - {type: bottleneck, stride: 2, kernel: [3, 5], depth: [1, 6], out_channels: [8, 256], bottleneck_channels: [8, 128]}
  - {type: dw_bottleneck, stride: 2, kernel: [3, 5], depth: [1, 6], out_channels: [8, 256], bottleneck_channels: [8, 256]}
budgets: )" + budgets + "\n";
    const base::Config config = base::Config::FromFile(folder_.Write("problem.yaml", text));
    DesignProblem problem = ProblemFromConfig(config);
    config.CheckAllRead();
    return problem;
  }
  TemporaryFolder folder_;
  const std::string table_ = folder_.Write("table.json", LatencyTableText(MadeLatencyTable()));
};

TEST_F(LatencyBudget, IsKeptAndUsedUpByADesignWithAProvenBound) {
  const DesignProblem problem = Problem("{latency_ms: 3, latency_table: table.json}");
  const DesignResult result = Design(problem);
  EXPECT_TRUE(result.assessment.violations.empty());
  EXPECT_LE(result.assessment.used[kLatency], 3);
  EXPECT_GT(result.assessment.used[kLatency], 2.9);
  ASSERT_TRUE(result.upper_bound);
  EXPECT_GE(*result.upper_bound, result.assessment.score.objective);
  EXPECT_LT(*result.Gap(), 0.02);
  EXPECT_NEAR(problem.budgets.latency_model->Milliseconds(result.network), result.assessment.used[kLatency], 1e-9);
  const base::Json entry = DesignReportJson(problem, result, "problem.yaml")["budgets"]["latency_ms"];
  EXPECT_EQ(entry["limit"], 3.0);
}

TEST_F(LatencyBudget, ThatNoStructureKeepsIsProvenToo) {
  try {
    Design(Problem("{latency_ms: 0.2, latency_table: table.json}"));
    ADD_FAILURE();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kInfeasible);
    EXPECT_NE(std::string(error.what()).find("latency_ms"), std::string::npos) << error.what();
  }
}

TEST_F(LatencyBudget, SaysWhatIsMissing) {
  EXPECT_NE(MessageOf([&] { Problem("{latency_ms: 3}"); }).find("latency_ms without latency_table"), std::string::npos);
  EXPECT_NE(MessageOf([&] { Problem("{latency_ms: 3, latency_table: absent.json}"); }).find("deepmad profile --out"), std::string::npos);
  EXPECT_NE(MessageOf([&] { Problem("{latency_ms: 3, latency_table: table.json, latency_batch: 4}"); }).find("float32 at batch 4"),
            std::string::npos);
  const DesignProblem shown = Problem("{latency_table: table.json}");  // no limit: the report says what it is
  EXPECT_TRUE(IsKnown(kLatency, shown));
  EXPECT_FALSE(Limit(shown, kLatency));
}

TEST_F(LatencyBudget, MemoryIsKeptAtItsBatch) {
  const DesignProblem problem = Problem("{memory_mb: 20, memory_batch: 8, memory_weight_copies: 4}");
  const DesignResult result = Design(problem);
  EXPECT_LE(result.assessment.used[kMemory], 20);
  EXPECT_GT(result.assessment.used[kMemory], 19);
  double activations = 0;
  for (const BlockTotals<double>& block : CountBlocks(result.network)) activations += block.activations;
  EXPECT_NEAR(result.assessment.used[kMemory], 4e-6 * (4 * Cost(result.network).params + 8 * activations), 1e-9);
}

TEST(LatencyOf3d, IsRefused) {
  NetworkSpec network;
  network.name = "moving";
  network.input.frames = 4;
  network.blocks = {{.type = "conv3d", .out_channels = 8}};
  EXPECT_NE(MessageOf([&] { CheckHasLatency(network, "here"); }).find("no latency of the 3-D network 'moving'"), std::string::npos);
}

}  // namespace
}  // namespace deepmad::mad
