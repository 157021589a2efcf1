#include "mad/problem/block_polynomials.h"

#include <gtest/gtest.h>

#include "mad/cost/block_cost.h"
#include "mad/network/network_spec.h"
#include "mad/recipe/squeeze_excite.h"

namespace deepmad::mad {
namespace {

class BlockFormsTest : public ::testing::TestWithParam<std::string> {};

// What the search and the bound read of a block is what the recipe says, at every channel number.
TEST_P(BlockFormsTest, TheFormulaOfEveryBlockEqualsItsRecipe) {
  const BlockType& type = FindBlockType(GetParam());
  const BlockDims<Form> symbols{Form::Of(kInSymbol), Form::Of(kOutSymbol),
                                type.traits.has_bottleneck ? Form::Of(kBottleneckSymbol) : Form(0), Form(1)};
  for (const int stride : {1, 2}) {
    for (const bool changes : {false, true}) {
      BlockSpec spec;
      spec.kernel = 5;
      if (stride == 2) spec.activation_bits = spec.weight_bits = {5};
      const BlockPlace place{{&type, FormOf(spec, type), stride, changes}, MapSizes{{1, 15, 17}, 16}};
      for (const int out : {8, 24, 321}) {
        for (const int bottleneck : {8, 40, 72, 865}) {
          const int in = changes ? 17 : out;
          const int inner = type.traits.has_bottleneck ? bottleneck : 0;
          const BlockDims<double> dims{double(in), double(out), double(inner), 1};
          MapSizes maps = place.in_maps, form_maps = place.in_maps;
          const auto expect_equal = [&](const UnitCount<double>& count, const UnitCount<Form>& form) {
            const double hidden = place.form.se_ratio > 0 ? SqueezeExciteHidden(dims.bottleneck, place.form.se_ratio) : 0;
            const std::array<double, kSymbols> numbers{dims.in, dims.out, dims.bottleneck, hidden};
            const std::array<double, kSymbols> logs{std::log(dims.in), std::log(dims.out), std::log(dims.bottleneck), 0};
            EXPECT_EQ(form.macs.At(numbers, logs), count.macs);
            EXPECT_NEAR(form.reference_flops.At(numbers, logs), count.reference_flops, 1e-12 * count.reference_flops);
            EXPECT_EQ(form.params.At(numbers, logs), count.params);
            EXPECT_EQ(form.reference_params.At(numbers, logs), count.reference_params);
            EXPECT_EQ(form.log_quantisation, count.log_quantisation);
            EXPECT_EQ(form.activations.At(numbers, logs), count.activations);
            EXPECT_NEAR(form.log_width.At(numbers, logs), count.log_width, 1e-12 * count.log_width);
            EXPECT_EQ(form.layers, count.layers);
          };
          expect_equal(CountFirstUnit(place, dims, maps), CountFirstUnit(place, symbols, form_maps));
          if (type.traits.repeats) expect_equal(CountOtherUnit(place, dims, maps), CountOtherUnit(place, symbols, form_maps));
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Registry, BlockFormsTest, ::testing::ValuesIn(BlockRegistry::Get().Names()));

TEST(FormTest, RefusesWhatIsNoSumOfProductsOfTwo) {
  const Form in = Form::Of(kInSymbol), out = Form::Of(kOutSymbol);
  EXPECT_THROW(in * out * in, std::logic_error);
  EXPECT_THROW(in / out, std::logic_error);
  EXPECT_THROW(log(in + out), std::logic_error);
  EXPECT_THROW(log(in) * out, std::logic_error);
  EXPECT_EQ(((in + Form(2)) * (out - Form(3))).At<double>({5, 7, 0, 0}, {}), 28);
  EXPECT_DOUBLE_EQ(log(in * out * Form(3)).At<double>({5, 7, 0, 0}, {std::log(5.0), std::log(7.0), 0, 0}), std::log(105.0));
}

}  // namespace
}  // namespace deepmad::mad
