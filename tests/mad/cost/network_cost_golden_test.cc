// Sizes, FLOPs and parameters of the published structures in every convention, against tests/golden/design_golden.json.
#include "mad/objective/formulation.h"
#include "tests/mad/golden_structures.h"

namespace deepmad::mad {
namespace {

TEST(CostGoldenTest, StagesHaveTheReleasedSizes) {
  for (const base::Json& golden : Goldens()) {
    SCOPED_TRACE(golden.at("name").get<std::string>());
    const NetworkSpec network = GoldenStructure(golden);
    EXPECT_EQ(network.input.height, golden.at("resolution").get<int>());
    EXPECT_EQ(network.input.frames, golden.value("frames", 1));
    Formulation own_size = ReferenceFormulation();
    own_size.score_image_side = network.input.height;
    const ScoreLayout layout = MakeScoreLayout(network, own_size);
    const std::vector<PlacedBlock> blocks = PlaceBlocks(network);
    const std::vector<BlockTotals<double>> totals = CountBlocks(network);
    const std::vector<FeatureLevel> levels = FeatureLevels(network);
    ASSERT_EQ(levels.size(), golden.at("stages").size());
    double layers = 0, units = 0, layers_before = 0;
    size_t block = 0;
    for (const base::Json& stage : golden.at("stages")) {
      const FeatureLevel& level = levels[stage.at("index").get<size_t>()];
      for (; block <= static_cast<size_t>(level.block); ++block) {
        layers += totals[block].layers;
        units += totals[block].depth;
      }
      EXPECT_EQ(level.block, stage.at("last_block_index").get<int>());
      EXPECT_EQ(level.channels, stage.at("out_channels").get<int>());
      EXPECT_EQ(units, stage.at("cumulative_units").get<double>());
      EXPECT_EQ(layers, stage.at("cumulative_layers").get<double>());
      EXPECT_EQ(layers - layers_before, stage.at("stage_layers").get<double>());
      layers_before = layers;
      EXPECT_EQ(blocks[block - 1].out_size.h, stage.at("map_size_true").get<int>());
      ExpectRelative(std::exp(0.5 * layout.log_map_area[block - 1]), stage.at("map_size_reference"), "map_size_reference");
    }
    std::vector<int> depths;
    for (const PlacedBlock& placed : blocks) {
      if (placed.type->traits.repeats) depths.push_back(placed.spec->depth);
    }
    EXPECT_EQ(depths, golden.at("block_depths").get<std::vector<int>>());
  }
}

TEST(CostGoldenTest, EveryBlockCostsWhatTheReleasedCodeCounts) {
  for (const base::Json& golden : Goldens()) {
    SCOPED_TRACE(golden.at("name").get<std::string>());
    const NetworkSpec network = GoldenStructure(golden);
    const std::vector<BlockTotals<double>> blocks = CountBlocks(network);
    MapSizes maps = InputSizes(network.input);
    ASSERT_EQ(blocks.size(), golden.at("per_block").size());
    for (const base::Json& block : golden.at("per_block")) {
      const size_t index = block.at("index").get<size_t>();
      EXPECT_EQ(maps.reference_side, block.at("input_size").get<double>());
      EXPECT_EQ(blocks[index].layers, block.at("layers").get<double>());
      EXPECT_EQ(blocks[index].depth, block.at("units").get<double>());
      EXPECT_EQ(blocks[index].reference_flops, block.at("flops").get<double>());
      EXPECT_EQ(blocks[index].reference_params, block.at("params").get<double>());
      maps.Shrink(Square(network.blocks[index].stride));
    }
  }
}

TEST(CostGoldenTest, FlopsAreExactInEveryConvention) {
  for (const base::Json& golden : Goldens()) {
    SCOPED_TRACE(golden.at("name").get<std::string>());
    const NetworkSpec network = GoldenStructure(golden);
    const NetworkCost cost = Cost(network);
    const LayerSums sums = SumLayers(network);
    const base::Json& flops = golden.at("flops");
    EXPECT_EQ(cost.reference_flops, flops.at("reference").get<double>());
    EXPECT_EQ(cost.macs, flops.at("total_macs").get<double>());
    EXPECT_EQ(2 * cost.macs, flops.at("torch_flop_counter").get<double>());
    EXPECT_EQ(sums.conv_macs, flops.at("conv_macs").get<double>());
    EXPECT_EQ(sums.se_macs, flops.at("se_macs").get<double>());
    EXPECT_EQ(cost.macs - sums.conv_macs - sums.se_macs, flops.at("fc_macs").get<double>());
    EXPECT_EQ(cost.layers, golden.at("num_layers").get<int>());
    const double without_bits = Cost(WithoutBits(network)).reference_flops;
    EXPECT_EQ(without_bits - sums.conv_macs, flops.at("reference_minus_conv_macs").get<double>());
    if (flops.contains("bit_operations")) {
      EXPECT_EQ(BitOperations(cost), flops.at("bit_operations").get<double>());
      EXPECT_EQ(without_bits, flops.at("reference_without_quantization").get<double>());
    }
  }
}

TEST(CostGoldenTest, ParametersAreExactInEveryConvention) {
  for (const base::Json& golden : Goldens()) {
    SCOPED_TRACE(golden.at("name").get<std::string>());
    const NetworkSpec network = GoldenStructure(golden);
    const NetworkCost cost = Cost(network);
    const LayerSums sums = SumLayers(network);
    const base::Json& params = golden.at("params");
    EXPECT_EQ(cost.reference_params, params.at("reference").get<double>());
    EXPECT_EQ(cost.params_backbone, params.at("torch_backbone").get<double>());
    EXPECT_EQ(cost.params, params.at("torch_total").get<double>());
    EXPECT_EQ(cost.params - cost.params_backbone, params.at("fc").get<double>());
    EXPECT_EQ(cost.quantiser_values, params.at("quant_extra").get<double>());
    EXPECT_EQ(sums.conv_weights, params.at("conv_weights").get<double>());
    EXPECT_EQ(sums.norm_params, params.at("bn_affine").get<double>());
    EXPECT_EQ(sums.se_weights, params.at("se_conv_weights").get<double>());
    EXPECT_EQ(sums.se_norm_params, params.at("se_bn_affine").get<double>());
    EXPECT_EQ(sums.norm_params + sums.se_norm_params, params.at("bn_running_stats").get<double>());
    const double without_bits = Cost(WithoutBits(network)).reference_params;
    EXPECT_EQ(without_bits - cost.params_backbone, params.at("reference_minus_torch_backbone").get<double>());
    if (params.contains("reference_without_quantization")) {
      EXPECT_EQ(without_bits, params.at("reference_without_quantization").get<double>());
    }
  }
}

}  // namespace
}  // namespace deepmad::mad
