// 1,000 random structures of each registered block type: what is registered is tested.
#include <gtest/gtest.h>

#include <map>

#include "base/atomic_file.h"
#include "mad/cost/layer_table.h"
#include "mad/cost/network_cost.h"
#include "mad/objective/entropy.h"
#include "tests/mad/random_structures.h"
#include "tests/places.h"

namespace deepmad::mad {
namespace {

constexpr uint64_t kStructures = 1000;
const RandomStructureOptions kEverything{.quantised = true, .features = true};

class BlockFamilyTest : public ::testing::TestWithParam<std::string> {
 protected:
  // A stem, blocks of the type, and the convolution block of its dimension.
  NetworkSpec Structure(uint64_t seed) const {
    const bool has_time = FindBlockType(GetParam()).traits.has_time;
    return RandomStructureOf({GetParam(), has_time ? "conv3d" : "conv"}, seed, kEverything);
  }
};

TEST_P(BlockFamilyTest, SurvivesItsYamlForm) {
  for (uint64_t seed = 0; seed < kStructures; ++seed) {
    const NetworkSpec spec = Structure(seed);
    const base::Config config = base::Config::FromText(NetworkToYaml(spec));
    ASSERT_EQ(NetworkFromConfig(config), spec) << NetworkToYaml(spec);
    config.CheckAllRead();
  }
}

// Sizes are those of a padded convolution at any size of the input: ceil(n / stride), never less than 1.
TEST_P(BlockFamilyTest, ClosedFormAddsUpUnitByUnitAtOddSizes) {
  for (uint64_t seed = 0; seed < kStructures; ++seed) {
    const NetworkSpec spec = Structure(seed);
    NetworkCost by_unit;
    MapSizes maps = InputSizes(spec.input);
    for (const PlacedBlock& block : PlaceBlocks(spec)) {
      EXPECT_EQ(maps.true_size, block.in_size);
      for (const Unit<double>& unit : BlockUnits(block)) {
        const UnitCount<double> count = CountUnit(unit, maps);
        by_unit.macs += count.macs;
        by_unit.reference_flops += count.reference_flops;
        by_unit.params_backbone += count.params;
        by_unit.reference_params += count.reference_params;
        by_unit.layers += count.layers;
      }
      EXPECT_EQ(maps.true_size, block.out_size);
    }
    const NetworkCost cost = Cost(spec);
    const int channels = spec.blocks.back().out_channels;
    ASSERT_EQ(cost.macs, by_unit.macs + HeadMacs(channels, spec.head)) << NetworkToYaml(spec);
    ASSERT_NEAR(cost.reference_flops, by_unit.reference_flops, 1e-12 * cost.reference_flops) << NetworkToYaml(spec);
    ASSERT_EQ(cost.params_backbone, by_unit.params_backbone);
    ASSERT_EQ(cost.reference_params, by_unit.reference_params);
    ASSERT_EQ(cost.layers, by_unit.layers);

    double row_macs = 0, row_params = 0;
    for (const LayerRow& row : LayerRows(spec)) {
      row_macs += row.macs;
      row_params += row.params;
    }
    ASSERT_EQ(row_macs, cost.macs);
    ASSERT_EQ(row_params, cost.params);
  }
}

// Everything that a solver differentiates, at real-valued channels and depths.
template <typename T>
std::vector<T> Outputs(const NetworkSpec& spec, const std::vector<BlockDims<T>>& dims) {
  std::vector<BlockTotals<T>> totals;
  MapSizes maps = InputSizes(spec.input);
  T in(spec.input.channels);
  for (const PlacedBlock& block : PlaceBlocks(spec)) {
    BlockPlace place = PlaceOf(block, maps);
    place.form.relaxed = true;
    place.changes_channels = true;
    BlockDims<T> relaxed = dims[static_cast<size_t>(block.index)];
    relaxed.in = in;
    if (block.type->traits.keeps_channels) relaxed.out = in;
    totals.push_back(CountBlock(place, relaxed));
    in = relaxed.out;
    maps.Shrink(Square(block.spec->stride));
  }
  std::vector<T> outputs;
  BlockTotals<T> sum;
  for (const BlockTotals<T>& block : totals) {
    sum.macs += block.macs;
    sum.reference_flops += block.reference_flops;
    sum.params += block.params;
    sum.reference_params += block.reference_params;
    sum.activations += block.activations;
    sum.layers += block.layers;
  }
  outputs = {sum.macs, sum.reference_flops, sum.params, sum.reference_params, sum.activations, sum.layers};
  for (const std::string& name : FormulationNames()) {
    const Formulation& formulation = FindFormulation(name, "");
    const ScoreLayout layout = MakeScoreLayout(spec, formulation);
    Objective objective = DefaultObjective(formulation, layout.stages);
    const Score<T> score = ScoreStructure(totals, layout, formulation, objective, /*smoothing=*/0.01);
    outputs.push_back(score.objective);
    outputs.push_back(score.stages.back().effectiveness);
  }
  return outputs;
}

TEST_P(BlockFamilyTest, DualGradientsEqualFiniteDifferences) {
  for (uint64_t seed = 0; seed < kStructures; ++seed) {
    const NetworkSpec spec = Structure(seed);
    base::Random random(seed, base::RandomPurpose::kSynthetic, 1);
    std::vector<BlockDims<double>> dims;
    for (const BlockSpec& block : spec.blocks) {
      const bool repeats = FindBlockType(block.type).traits.repeats;
      dims.push_back({0, block.out_channels + random.Uniform(0.1, 0.9),
                      block.bottleneck_channels > 0 ? block.bottleneck_channels + random.Uniform(0.1, 0.9) : 0,
                      repeats ? block.depth + random.Uniform(0.1, 0.9) : 1});
    }
    const size_t chosen = static_cast<size_t>(random.UniformInt(0, static_cast<int64_t>(dims.size()) - 1));
    std::vector<BlockDims<Dual>> duals;
    for (const BlockDims<double>& block : dims) duals.push_back({block.in, block.out, block.bottleneck, block.depth});
    duals[chosen].out = Dual::Variable(dims[chosen].out, 0);
    duals[chosen].bottleneck = Dual::Variable(dims[chosen].bottleneck, 1);
    duals[chosen].depth = Dual::Variable(dims[chosen].depth, 2);
    const std::vector<Dual> outputs = Outputs(spec, duals);

    const std::array<double BlockDims<double>::*, 3> members{&BlockDims<double>::out, &BlockDims<double>::bottleneck,
                                                             &BlockDims<double>::depth};
    for (int direction = 0; direction < 3; ++direction) {
      const auto member = members[static_cast<size_t>(direction)];
      if (dims[chosen].*member == 0) continue;
      const double step = 1e-5 * dims[chosen].*member;
      std::vector<BlockDims<double>> up = dims, down = dims;
      up[chosen].*member += step;
      down[chosen].*member -= step;
      const std::vector<double> above = Outputs(spec, up), below = Outputs(spec, down);
      for (size_t i = 0; i < outputs.size(); ++i) {
        const double slope = (above[i] - below[i]) / (2 * step);
        ASSERT_NEAR(outputs[i].partial(direction), slope, 1e-6 * (std::abs(slope) + std::abs(outputs[i].value())))
            << "output " << i << " of\n"
            << NetworkToYaml(spec);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Registry, BlockFamilyTest, ::testing::ValuesIn(BlockRegistry::Get().Names()));

TEST(BlockExampleTest, TheDocumentationQuotesTheFileThatTheseTestsCompile) {
  EXPECT_TRUE(BlockRegistry::Get().Contains("fused_bottleneck"));
  const std::string example = base::ReadFile(SourceFolder() + "/tests/mad/blocks/fused_bottleneck.cc");
  EXPECT_NE(base::ReadFile(SourceFolder() + "/docs/blocks.md").find("```cpp\n" + example + "```"), std::string::npos);
}

// Structures that mix all types of a dimension.
TEST(RandomStructuresTest, AreValidAndReachEveryType) {
  std::map<std::string, int> seen;
  for (uint64_t seed = 0; seed < kStructures; ++seed) {
    const NetworkSpec spec = RandomStructure(seed, kEverything);
    Validate(spec);
    for (const BlockSpec& block : spec.blocks) ++seen[block.type];
  }
  EXPECT_EQ(seen.size(), BlockRegistry::Get().Names().size());
}

}  // namespace
}  // namespace deepmad::mad
