#include "mad/recipe/activation.h"

#include <gtest/gtest.h>

#include "mad/recipe/block_type.h"
#include "mad/recipe/walk.h"

namespace deepmad::mad {
namespace {

TEST(Activation, EveryKindIsReadBackByItsName) {
  for (const ActivationTraits& traits : kActivationTraits) EXPECT_EQ(ActivationFromName(ActivationName(traits.kind), ""), traits.kind);
}

// The kinds of activation of a unit with squeeze-excite, in the order of its layers.
std::vector<ActivationKind> KindsWith(ActivationKind activation) {
  UnitDims<double> dims;
  dims.in = dims.out = 16;
  dims.bottleneck = 32;
  dims.activation = activation;
  dims.se_ratio = 0.25;
  std::vector<ActivationKind> kinds;
  WalkUnit(MakeUnit(FindBlockType("dw_se_bottleneck"), dims), Square(8), [&](const LayerVisit<double, Extent>& visit) {
    if (visit.layer.kind == LayerKind::kActivation) kinds.push_back(visit.layer.activation);
  });
  return kinds;
}

TEST(Activation, SqueezeExciteIsThatOfMobileNetV3InUnitsWithHardSwish) {
  using enum ActivationKind;
  EXPECT_EQ(KindsWith(kHardSwish), (std::vector{kHardSwish, kHardSwish, kRelu, kHardSigmoid, kHardSwish}));
  EXPECT_EQ(KindsWith(kRelu), (std::vector{kRelu, kRelu, kSilu, kSigmoid, kRelu}));
}

}  // namespace
}  // namespace deepmad::mad
