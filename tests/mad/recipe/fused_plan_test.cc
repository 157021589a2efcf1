#include "mad/recipe/fused_plan.h"

#include <gtest/gtest.h>

#include <string>

#include "base/error.h"

namespace deepmad::mad {
namespace {

using Layers = std::vector<Layer<double>>;

constexpr Fusion kFusions[] = {Fusion::kNone, Fusion::kBatchNorms, Fusion::kTraining, Fusion::kInference};

// "a+b:relu" is the convolution `a` with the norm `b` folded in and a ReLU.
std::string Text(const FusedLayer<double>& layer) {
  std::string text = layer.op == FusedOp::kQuantise ? "quantise " + layer.name : layer.name;
  if (layer.affine) text += "+" + layer.affine->name;
  if (layer.adds_shortcut && layer.op != FusedOp::kAdd) text += "+shortcut";
  if (layer.activation != ActivationKind::kNone && layer.op != FusedOp::kActivation) {
    text += std::string(":") + ActivationName(layer.activation);
  }
  return text + " ";
}

std::string Text(const std::vector<FusedLayer<double>>& layers) {
  std::string text;
  for (const FusedLayer<double>& layer : layers) text += Text(layer);
  return text;
}

std::string Text(const Branch<double>& branch, Fusion fusion) {
  Extent size = Square(8);
  const std::vector<FusedBranch<double>> plan = FusedPlan<double>({branch}, fusion, size);
  EXPECT_EQ(plan.size(), 1u);
  const FusedBranch<double>& one = plan.front();
  return Text(one.main) + "| " + Text(one.shortcut) + "| " + (one.sum ? Text(*one.sum) : "") + "| " + Text(one.post);
}

Branch<double> Residual(const Layers& main, ActivationKind last) {
  Branch<double> branch;
  branch.main = main;
  branch.shortcut_kind = ShortcutKind::kLayers;
  branch.shortcut = {Conv("p", 4.0, 4.0, Extent{}), BatchNorm("pn", 4.0)};
  branch.post = {Activation(last, 4.0)};
  return branch;
}

void ExpectPlans(const Branch<double>& branch, const std::vector<std::string>& expected) {
  for (size_t i = 0; i < std::size(kFusions); ++i) EXPECT_EQ(Text(branch, kFusions[i]), expected[i]) << i;
}

TEST(FusedPlan, AResidualBranchEndsInTheLayerThatAddsItsShortcut) {
  const Layers main = {Conv("a", 4.0, 4.0, Extent{}), BatchNorm("an", 4.0), Activation(ActivationKind::kRelu, 4.0),
                       Conv("b", 4.0, 4.0, Extent{}), BatchNorm("bn", 4.0)};
  ExpectPlans(Residual(main, ActivationKind::kRelu),
              {"a an relu b bn | p pn | add | relu ", "a+an relu b+bn | p+pn | add | relu ", "a an:relu b | p pn | bn+shortcut:relu | ",
               "a+an:relu | p+pn | b+bn+shortcut:relu | "});
}

TEST(FusedPlan, OnlyAReluJoinsASumOrANorm) {
  const Layers main = {Conv("a", 4.0, 4.0, Extent{}), BatchNorm("an", 4.0), Activation(ActivationKind::kSilu, 4.0),
                       Conv("b", 4.0, 4.0, Extent{}), BatchNorm("bn", 4.0)};
  ExpectPlans(Residual(main, ActivationKind::kSilu),
              {"a an silu b bn | p pn | add | silu ", "a+an silu b+bn | p+pn | add | silu ", "a an silu b | p pn | bn+shortcut | silu ",
               "a+an:silu | p+pn | b+bn+shortcut | silu "});
}

TEST(FusedPlan, ABranchThatEndsInNoConvolutionAddsItsShortcutAlone) {
  ExpectPlans(Residual({Conv("a", 4.0, 4.0, Extent{}), MaxPool(4.0, Square(3), Extent{})}, ActivationKind::kRelu),
              {"a max_pool | p pn | add | relu ", "a max_pool | p+pn | add | relu ", "a max_pool | p pn | add:relu | ",
               "a max_pool | p+pn | add:relu | "});
}

TEST(FusedPlan, WithoutAShortcutWhatFollowsBelongsToTheMainPath) {
  Branch<double> branch;
  branch.main = {Conv("a", 4.0, 4.0, Extent{}), BatchNorm("an", 4.0)};
  branch.post = {Activation(ActivationKind::kRelu, 4.0), Activation(ActivationKind::kNone, 4.0)};
  ExpectPlans(branch, {"a an relu | | | ", "a+an relu | | | ", "a an:relu | | | ", "a+an:relu | | | "});
}

TEST(FusedPlan, QuantisedConvolutionsKeepTheirNormsInAnExportedNetwork) {
  Branch<double> branch;
  branch.main = {Conv("a", 4.0, 4.0, Extent{}), BatchNorm("an", 4.0)};
  branch.main.front().bits = {8, 8};
  ExpectPlans(branch, {"a an | | | ", "a an | | | ", "a an | | | ", "quantise a a+an | | | "});
}

TEST(FusedPlan, LayerScalesFoldForInferenceAndLayerNormsNever) {
  Branch<double> branch;
  branch.main = {LayerNorm("n", 4.0), Biased(Conv("a", 4.0, 4.0, Extent{})), LayerScale("s", 4.0)};
  branch.shortcut_kind = ShortcutKind::kIdentity;
  ExpectPlans(branch, {"n a s | | add | ", "n a s | | add | ", "n a s | | add | ", "n | | a+s+shortcut | "});
}

TEST(FusedPlan, SqueezeExciteHasAPlanOfItsOwnAtOnePosition) {
  Extent size = Square(8);
  const Layers layers = {Conv("a", 4.0, 4.0, Extent{}, Square(2)), SqueezeExcite("se", 4.0, 2.0)};
  const std::vector<FusedLayer<double>> plan = FusedSequence(layers, Fusion::kInference, size);
  ASSERT_EQ(plan.size(), 2u);
  EXPECT_EQ(size, Square(4));
  EXPECT_EQ(plan[0].in, Square(8));
  EXPECT_EQ(plan[0].out, Square(4));
  EXPECT_EQ(plan[1].in, Square(4));
  EXPECT_EQ(Text(plan[1].inner), "se.conv1.conv1+se.conv1.bn1:silu se.conv2.conv1+se.conv2.bn1:sigmoid ");
  EXPECT_EQ(plan[1].inner[0].in, Extent{});
}

TEST(FusedPlan, NamesOfOperationsAreReadBack) {
  for (const FusedOp op : {FusedOp::kConv, FusedOp::kLayerNorm, FusedOp::kInput, FusedOp::kClassifier}) {
    EXPECT_EQ(FusedOpFromName(FusedOpName(op), ""), op);
  }
  EXPECT_THROW(FusedOpFromName("fourier", "table.json"), base::Error);
}

}  // namespace
}  // namespace deepmad::mad
