// The blocks with layer norms, convnext and transformer, counted by hand.
#include <gtest/gtest.h>

#include <cmath>

#include "mad/cost/layer_table.h"
#include "mad/cost/network_cost.h"
#include "mad/design/design.h"

namespace deepmad::mad {
namespace {

NetworkSpec Network(const std::string& blocks) {
  return NetworkFromConfig(
      base::Config::FromText("version: 1\ninput: {channels: 3, height: 8, width: 6}\nblocks:\n" + blocks + "head: {type: features}\n"));
}

TEST(LayerNormBlocksTest, HeadsAreEqualSlicesOfAtLeast32Channels) {
  for (const auto& [channels, heads] : {std::pair{1, 1}, std::pair{31, 1}, std::pair{37, 1}, std::pair{62, 1}, std::pair{64, 2},
                                        std::pair{80, 2}, std::pair{96, 3}, std::pair{104, 2}, std::pair{136, 4}, std::pair{384, 12}}) {
    EXPECT_EQ(AttentionHeads(channels), heads) << channels;
  }
}

// Entry 3x3 3 -> 8 at stride 2; then twice depthwise 7x7, 1x1 to 32, 1x1 back, on a map of 4 x 3.
TEST(LayerNormBlocksTest, ConvNextCountsItsConvolutionsBiasesNormsAndScales) {
  const NetworkSpec spec = Network("  - {type: convnext, depth: 2, kernel: 7, stride: 2, bottleneck_channels: 32, out_channels: 8}\n");
  const double entry = 2 * 3 + 27 * 8 + 8, unit = (49 * 8 + 8) + 2 * 8 + (8 * 32 + 32) + (32 * 8 + 8) + 8;
  EXPECT_EQ(Cost(spec).params, entry + 2 * unit);
  EXPECT_EQ(Cost(spec).macs, 12 * (27 * 8 + 2 * (49 * 8 + 8 * 32 + 32 * 8)));
  const BlockTotals<double> block = CountBlocks(spec)[0];
  EXPECT_EQ(block.layers, 7);
  EXPECT_NEAR(block.log_width, std::log(27) + 2 * std::log(49.0 * 8 * 32), 1e-12);
  // Kept for the gradient: the input's norm, the entry; then of each unit the depthwise result, its norm, twice the wide map, the
  // projection and what the shortcut joins.
  EXPECT_EQ(block.activations, 48 * 3 + 12 * 8 + 2 * 12 * (8 + 8 + 32 + 32 + 8 + 8));
  const NetworkSpec plain =
      Network("  - {type: convnext, depth: 2, kernel: 7, stride: 2, bottleneck_channels: 32, out_channels: 8, layer_scale: false}\n");
  EXPECT_EQ(Cost(plain).params, Cost(spec).params - 2 * 8);
}

// Entry 1x1 3 -> 8; position 3x3 in the first unit; then twice 8 -> 24, attention over 48 positions, 8 -> 8, and 8 -> 16 -> 8.
TEST(LayerNormBlocksTest, TransformersCountTheProductsOfAttentionInTheCostAndNotInTheEntropy) {
  const NetworkSpec spec = Network("  - {type: transformer, depth: 2, kernel: 3, stride: 1, bottleneck_channels: 16, out_channels: 8}\n");
  const double first = 2 * 3 + (3 * 8 + 8) + (9 * 8 + 8);
  const double unit = 4 * 8 + (8 * 24 + 24) + (8 * 8 + 8) + (8 * 16 + 16) + (16 * 8 + 8);
  EXPECT_EQ(Cost(spec).params, first + 2 * unit);
  EXPECT_EQ(Cost(spec).macs, 48 * (3 * 8 + 9 * 8 + 2 * (8 * 24 + 8 * 8 + 8 * 16 + 16 * 8)) + 2 * (2 * 48 * 48 * 8));
  const BlockTotals<double> block = CountBlocks(spec)[0];
  EXPECT_EQ(block.layers, 2 + 2 * 4);
  EXPECT_NEAR(block.log_width, std::log(3) + std::log(9) + 2 * std::log(8.0 * 8 * 8 * 16), 1e-12);

  const std::vector<LayerRow> rows = LayerRows(spec);
  ASSERT_EQ(rows.size(), 12u);
  EXPECT_EQ(rows[0].params, 2 * 3 + 3 * 8 + 8);  // with the norm before it
  EXPECT_EQ(rows[3].name, "block_list.0.block_list.0.attention");
  EXPECT_EQ(rows[3].macs, 2 * 48 * 48 * 8);
  EXPECT_EQ(rows[3].params, 0);
  EXPECT_EQ(rows[3].receptive_field, 3 + 2 * 7);

  const NetworkSpec without_position =
      Network("  - {type: transformer, depth: 2, kernel: 1, stride: 1, bottleneck_channels: 16, out_channels: 8}\n");
  EXPECT_EQ(Cost(without_position).params, Cost(spec).params - (9 * 8 + 8));
}

TEST(LayerNormBlocksTest, MixedBitWidthsCountTheEntryOnce) {
  const std::string bits = "activation_bits: [4, 5, 6, 4, 5, 6, 7], weight_bits: [4, 5, 6, 4, 5, 6, 7]";
  const NetworkSpec spec =
      Network("  - {type: convnext, depth: 2, kernel: 3, stride: 2, bottleneck_channels: 32, out_channels: 8, " + bits + "}\n");
  const std::vector<LayerRow> rows = LayerRows(spec);
  EXPECT_EQ(rows.front().bits.weight, 4);
  EXPECT_EQ(rows.back().bits.weight, 7);
}

TEST(LayerNormBlocksTest, ADesignKeepsItsLayerScaleAndItsBudget) {
  const DesignProblem problem = ProblemFromConfig(base::Config::FromText(R"(version: 1
name: small
input: {channels: 3, height: 32, width: 32}
stem: {out_channels: [8, 16]}
stages:
  - {type: convnext, stride: 2, kernel: [3, 5], depth: [1, 3], out_channels: [8, 64], bottleneck_channels: [8, 256], layer_scale: false}
  - {type: transformer, stride: 2, kernel: 3, depth: [1, 3], out_channels: [8, 96], bottleneck_channels: [8, 384], layer_scale: true}
rules: {bottleneck_over_out: [1, 4]}
budgets: {flops: 2.0e+6}
head: {classes: 10}
)"));
  const DesignResult result = Design(problem);
  EXPECT_EQ(result.status, DesignStatus::kOptimalWithinGap);
  EXPECT_EQ(result.network.blocks[1].layer_scale, false);
  EXPECT_EQ(result.network.blocks[2].layer_scale, true);
  EXPECT_LE(Cost(result.network).macs, 2.0e6);
  EXPECT_GT(Cost(result.network).macs, 1.9e6);
}

}  // namespace
}  // namespace deepmad::mad
