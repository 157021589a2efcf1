// Units made by hand, so that layers and shortcuts no registered block uses are lowered rightly too.
#include "models/network/lowered_unit.h"

#include <ATen/TensorIndexing.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/avg_pool3d.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv3d.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/erf.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "models/layers/module_tree.h"
#include "tests/models/formula_fill.h"

namespace deepmad::models {
namespace {

using mad::Activation;
using mad::ActivationKind;
using mad::Branch;
using mad::Conv;
using mad::Extent;
using mad::ShortcutKind;

// A unit in float64, its tensors filled with numbers of no pattern.
struct Unit {
  std::shared_ptr<torch::nn::Module> root = std::make_shared<torch::nn::Module>("root");
  BatchNorms norms;
  std::shared_ptr<DropPaths> drop_paths;
  RecipeUnit unit;

  Unit(const mad::Unit<double>& recipe, int spatial_dims)
      : drop_paths(std::make_shared<DropPaths>(spatial_dims)), unit(recipe, LoweringContext{*root, spatial_dims, norms, drop_paths}) {
    const at::NoGradGuard no_grad;
    uint64_t k = 0;
    for (auto& [name, tensor] : StateDict(*root)) {
      if (tensor.is_floating_point()) tensor.set_data(FormulaTensor(k++, tensor.sizes(), 0.4, name.ends_with("running_var") ? 1 : 0.1));
    }
  }
  at::Tensor Weight(const std::string& name) const { return root->named_parameters()[name + ".weight"]; }
  at::Tensor Parameter(const std::string& name) const { return root->named_parameters()[name]; }
  // Evaluation mode, from the definition.
  at::Tensor Norm(const std::string& name, const at::Tensor& x) const {
    const auto shaped = [&](at::Tensor t) { return x.dim() == 5 ? t.view({1, -1, 1, 1, 1}) : t.view({1, -1, 1, 1}); };
    const auto buffers = root->named_buffers();
    return (x - shaped(buffers[name + ".running_mean"])) / (shaped(buffers[name + ".running_var"]) + 1e-5).sqrt() * shaped(Weight(name)) +
           shaped(root->named_parameters()[name + ".bias"]);
  }
};

mad::Unit<double> SqueezeExciteUnit() {
  Branch<double> branch;
  branch.main = {mad::DepthwiseConv("conv2.conv1", 4.0, mad::Square(3)), mad::BatchNorm("conv2.bn1", 4.0),
                 Activation(ActivationKind::kSilu, 4.0), mad::SqueezeExcite("se2", 4.0, 2.0)};
  branch.shortcut_kind = ShortcutKind::kIdentity;
  branch.post = {Activation(ActivationKind::kSilu, 4.0)};
  return {branch};
}

TEST(RecipeUnit, SqueezeExciteAndDepthwiseFollowTheirDefinition) {
  const Unit unit(SqueezeExciteUnit(), 2);
  unit.root->eval();
  const at::Tensor x = FormulaTensor(99, {2, 4, 5, 7}, 1);
  const at::Tensor main = at::silu(unit.Norm("conv2.bn1", at::conv2d(x, unit.Weight("conv2.conv1"), {}, 1, 1, 1, 4)));
  at::Tensor gate = main.mean({2, 3}, true);
  gate = at::silu(unit.Norm("se2.conv1.bn1", at::conv2d(gate, unit.Weight("se2.conv1.conv1"))));
  gate = at::sigmoid(unit.Norm("se2.conv2.bn1", at::conv2d(gate, unit.Weight("se2.conv2.conv1"))));
  EXPECT_TRUE(at::allclose(unit.unit.Forward(x), at::silu(main * gate + x), 1e-12, 1e-12));
}

// MobileNetV3's unit: arXiv 1905.02244, figure 4.
TEST(RecipeUnit, HardSwishAndHardSigmoidFollowTheirDefinition) {
  Branch<double> branch;
  branch.main = {Conv("conv", 4.0, 4.0, Extent{}), mad::BatchNorm("bn", 4.0), Activation(ActivationKind::kHardSwish, 4.0),
                 mad::SqueezeExcite("se2", 4.0, 2.0, mad::TraitsOf(ActivationKind::kHardSwish).squeeze_excite)};
  branch.shortcut_kind = ShortcutKind::kIdentity;
  branch.post = {Activation(ActivationKind::kHardSwish, 4.0)};
  const Unit unit({branch}, 2);
  unit.root->eval();
  const auto hard_sigmoid = [](const at::Tensor& x) { return at::relu(x + 3).clamp_max(6) / 6; };
  const at::Tensor x = FormulaTensor(99, {2, 4, 5, 7}, 1);
  at::Tensor main = unit.Norm("bn", at::conv2d(x, unit.Weight("conv")));
  main = main * hard_sigmoid(main);
  at::Tensor gate = at::relu(unit.Norm("se2.conv1.bn1", at::conv2d(main.mean({2, 3}, true), unit.Weight("se2.conv1.conv1"))));
  gate = hard_sigmoid(unit.Norm("se2.conv2.bn1", at::conv2d(gate, unit.Weight("se2.conv2.conv1"))));
  const at::Tensor sum = main * gate + x;
  EXPECT_TRUE(at::allclose(unit.unit.Forward(x), sum * hard_sigmoid(sum), 1e-12, 1e-12));
}

TEST(RecipeUnit, RegistersTensorsInTheOrderOfTheRecipe) {
  const Unit unit(SqueezeExciteUnit(), 2);
  std::vector<std::string> names;
  for (const auto& item : unit.root->named_parameters()) names.push_back(item.key());
  EXPECT_EQ(names, (std::vector<std::string>{"conv2.conv1.weight", "conv2.bn1.weight", "conv2.bn1.bias", "se2.conv1.conv1.weight",
                                             "se2.conv1.bn1.weight", "se2.conv1.bn1.bias", "se2.conv2.conv1.weight", "se2.conv2.bn1.weight",
                                             "se2.conv2.bn1.bias"}));
}

TEST(RecipeUnit, ThreeDimensionalUnitFollowsItsDefinition) {
  Branch<double> branch;
  branch.main = {mad::DepthwiseConv("conv", 3.0, Extent{3, 5, 5}, Extent{1, 2, 2}), mad::BatchNorm("bn", 3.0)};
  branch.shortcut_kind = ShortcutKind::kLayers;
  branch.shortcut = {mad::AveragePool(3.0, Extent{1, 2, 2}), Conv("proj", 3.0, 3.0, Extent{})};
  branch.post = {Activation(ActivationKind::kRelu, 3.0)};
  const Unit unit({branch}, 3);
  unit.root->eval();
  EXPECT_EQ(unit.Weight("proj").sizes(), at::IntArrayRef({3, 3, 1, 1, 1}));
  const at::Tensor x = FormulaTensor(99, {2, 3, 4, 7, 9}, 1);
  const at::Tensor main = unit.Norm("bn", at::conv3d(x, unit.Weight("conv"), {}, {1, 2, 2}, {1, 2, 2}, 1, 3));
  const at::Tensor shortcut = at::conv3d(at::avg_pool3d(x, {1, 2, 2}, {1, 2, 2}, 0, true, false), unit.Weight("proj"));
  EXPECT_TRUE(at::allclose(unit.unit.Forward(x), at::relu(main + shortcut), 1e-12, 1e-12));
}

TEST(RecipeUnit, BranchesFollowOneAnotherAndMayEndInAnActivation) {
  Branch<double> first;
  first.main = {Conv("a", 2.0, 2.0, Extent{}), Activation(ActivationKind::kRelu, 2.0)};
  first.shortcut_kind = ShortcutKind::kIdentity;
  Branch<double> second;
  second.main = {Conv("b", 2.0, 3.0, mad::Square(3), Extent{1, 2, 2})};
  second.post = {Activation(ActivationKind::kSigmoid, 3.0), Activation(ActivationKind::kNone, 3.0)};
  const Unit unit({first, second}, 2);
  const at::Tensor x = FormulaTensor(99, {1, 2, 5, 6}, 1);
  const at::Tensor y = at::relu(at::conv2d(x, unit.Weight("a"))) + x;
  EXPECT_TRUE(at::allclose(unit.unit.Forward(x), at::sigmoid(at::conv2d(y, unit.Weight("b"), {}, 2, 1)), 1e-12, 1e-12));
}

TEST(RecipeUnit, MaximumPoolAndReluSixFollowTheirDefinition) {
  Branch<double> branch;
  branch.main = {mad::MaxPool(2.0, mad::Square(3), Extent{1, 2, 2}), Activation(ActivationKind::kRelu6, 2.0)};
  const Unit unit({branch}, 2);
  const at::Tensor x = FormulaTensor(99, {1, 2, 6, 5}, 10);
  const at::Tensor y = unit.unit.Forward(x);
  ASSERT_EQ(y.sizes(), at::IntArrayRef({1, 2, 3, 3}));
  for (int64_t row = 0; row < 3; ++row) {
    for (int64_t column = 0; column < 3; ++column) {
      const auto window = [](int64_t i, int64_t size) {
        return at::indexing::Slice(std::max(2 * i - 1, int64_t{0}), std::min(2 * i + 2, size));
      };
      const at::Tensor maximum = x.index({0, 1, window(row, 6), window(column, 5)}).max();
      EXPECT_EQ(y[0][1][row][column].item<double>(), std::clamp(maximum.item<double>(), 0.0, 6.0));
    }
  }
}

// Over the channels of each position, from the definition.
at::Tensor LayerNormOf(const Unit& unit, const std::string& name, const at::Tensor& x) {
  const auto shaped = [&](const at::Tensor& t) { return x.dim() == 5 ? t.view({1, -1, 1, 1, 1}) : t.view({1, -1, 1, 1}); };
  const at::Tensor centred = x - x.mean({1}, /*keepdim=*/true);
  const at::Tensor variance = centred.square().mean({1}, /*keepdim=*/true);
  return centred / (variance + 1e-6).sqrt() * shaped(unit.Weight(name)) + shaped(unit.Parameter(name + ".bias"));
}

at::Tensor GeluOf(const at::Tensor& x) { return x * (1 + at::erf(x / std::sqrt(2.0))) / 2; }

TEST(RecipeUnit, LayerNormGeluBiasAndLayerScaleFollowTheirDefinition) {
  Branch<double> branch;
  branch.main = {mad::LayerNorm("norm", 5.0), mad::Biased(Conv("fc1", 5.0, 7.0, Extent{})), Activation(ActivationKind::kGelu, 7.0),
                 mad::Biased(Conv("fc2", 7.0, 5.0, Extent{})), mad::LayerScale("scale", 5.0)};
  branch.shortcut_kind = ShortcutKind::kIdentity;
  for (const int dims : {2, 3}) {
    const Unit unit({branch}, dims);
    std::vector<int64_t> shape = {2, 5, 3, 4};
    if (dims == 3) shape.push_back(6);
    const auto convolve = [&](const std::string& name, const at::Tensor& x) {
      const at::Tensor bias = unit.Parameter(name + ".bias");
      return dims == 3 ? at::conv3d(x, unit.Weight(name), bias) : at::conv2d(x, unit.Weight(name), bias);
    };
    const at::Tensor gamma = unit.Parameter("scale.gamma").view(dims == 3 ? at::IntArrayRef({5, 1, 1, 1}) : at::IntArrayRef({5, 1, 1}));
    const at::Tensor x = FormulaTensor(99, shape, 1);
    const at::Tensor expected = x + gamma * convolve("fc2", GeluOf(convolve("fc1", LayerNormOf(unit, "norm", x))));
    EXPECT_TRUE(at::allclose(unit.unit.Forward(x), expected, 1e-12, 1e-12));
    const auto format = dims == 3 ? at::MemoryFormat::ChannelsLast3d : at::MemoryFormat::ChannelsLast;
    const at::Tensor y = unit.unit.Forward(x.contiguous(format));
    EXPECT_TRUE(at::allclose(y, expected, 1e-12, 1e-12));
    if (dims == 2) {  // a 3-D convolution in double precision gives its own format
      EXPECT_TRUE(y.is_contiguous(format));
    }
  }
}

mad::Unit<double> AttentionUnit(double channels) {
  Branch<double> branch;
  branch.main = {mad::LayerNorm("norm1", channels), Conv("attn.qkv", channels, 3 * channels, Extent{}), mad::Attention(channels),
                 Conv("attn.proj", channels, channels, Extent{})};
  branch.shortcut_kind = ShortcutKind::kIdentity;
  return {branch};
}

// Position by position and head by head.
TEST(RecipeUnit, AttentionFollowsItsDefinition) {
  for (const auto& [channels, heads] : {std::pair{6, 1}, std::pair{80, 2}, std::pair{96, 3}}) {
    const Unit unit(AttentionUnit(channels), 2);
    const at::Tensor x = FormulaTensor(99, {2, channels, 3, 4}, 1);
    const at::Tensor qkv = at::conv2d(LayerNormOf(unit, "norm1", x), unit.Weight("attn.qkv")).flatten(2);  // [2, 3 C, 12]
    std::vector<at::Tensor> mixed;
    const int64_t all = channels, width = all / heads;
    for (int64_t head = 0; head < heads; ++head) {
      const auto part = [&](int64_t index) { return qkv.slice(1, index * all + head * width, index * all + (head + 1) * width); };
      const at::Tensor scores = part(0).transpose(1, 2).matmul(part(1)) / std::sqrt(static_cast<double>(width));  // [2, query, key]
      mixed.push_back(part(2).matmul(at::softmax(scores, 2).transpose(1, 2)));
    }
    const at::Tensor expected = x + at::conv2d(at::cat(mixed, 1).view(x.sizes()), unit.Weight("attn.proj"));
    EXPECT_TRUE(at::allclose(unit.unit.Forward(x), expected, 1e-11, 1e-11)) << channels;
    const at::Tensor y = unit.unit.Forward(x.contiguous(at::MemoryFormat::ChannelsLast));
    EXPECT_TRUE(at::allclose(y, expected, 1e-11, 1e-11)) << channels;
    EXPECT_TRUE(y.is_contiguous(at::MemoryFormat::ChannelsLast));
  }
}

TEST(RecipeUnit, AttentionInTimeMixesAllPositions) {
  const Unit in_time(AttentionUnit(6), 3), in_space(AttentionUnit(6), 2);
  const at::Tensor x = FormulaTensor(99, {2, 6, 2, 3, 5}, 1);
  EXPECT_TRUE(at::allclose(in_time.unit.Forward(x).flatten(2, 3), in_space.unit.Forward(x.flatten(2, 3)), 1e-12, 1e-12));
}

TEST(RecipeUnit, QuantisedConvolutionSeesWholeStepsRoundedHalfToEven) {
  Branch<double> branch;
  branch.main = {Conv("conv", 1.0, 2.0, Extent{})};
  branch.main[0].bits = {.activation = 3, .weight = 2};
  const Unit unit({branch}, 2);
  std::map<std::string, at::Tensor> tensors;
  for (auto& [name, tensor] : StateDict(*unit.root)) tensors[name] = tensor;
  const at::NoGradGuard no_grad;
  tensors["conv.act_quan.s"].fill_(0.5);
  tensors["conv.weight_quan.s"].copy_(at::tensor({0.25, 2.0}, at::kDouble).view({2, 1, 1, 1}));
  tensors["conv.weight"].copy_(at::tensor({0.2, -9.0}, at::kDouble).view({2, 1, 1, 1}));  // to 0.25; to -2 steps of 2
  // In steps of 0.5: half-way cases go to the even neighbour, 3 bits hold -4 to 3.
  const at::Tensor x = at::tensor({0.25, 0.75, 1.25, -0.25, -0.75, 0.3, 7.0, -7.0}, at::kDouble).view({1, 1, 1, 8});
  const at::Tensor seen = at::tensor({0.0, 1.0, 1.0, 0.0, -1.0, 0.5, 1.5, -2.0}, at::kDouble);
  const at::Tensor y = unit.unit.Forward(x);
  EXPECT_TRUE(at::equal(y[0][0][0], seen * 0.25));
  EXPECT_TRUE(at::equal(y[0][1][0], seen * -4));
}

TEST(RecipeUnit, GradientsOfOverwritingLayersEqualFiniteDifferences) {
  Branch<double> gated = SqueezeExciteUnit()[0];
  Branch<double> relu;
  relu.main = {Conv("conv1.conv1", 4.0, 4.0, mad::Square(3)), mad::BatchNorm("conv1.bn1", 4.0), Activation(ActivationKind::kRelu, 4.0)};
  relu.shortcut_kind = ShortcutKind::kIdentity;
  relu.post = {Activation(ActivationKind::kSigmoid, 4.0)};
  Branch<double> pooled;
  pooled.main = {mad::MaxPool(4.0, mad::Square(3), mad::Square(1)), Conv("conv4", 4.0, 4.0, mad::Square(3)), mad::BatchNorm("bn4", 4.0)};
  pooled.post = {Activation(ActivationKind::kRelu6, 4.0)};
  Branch<double> mlp;
  mlp.main = {mad::LayerNorm("norm2", 4.0), mad::Biased(Conv("fc1", 4.0, 6.0, Extent{})), Activation(ActivationKind::kGelu, 6.0),
              mad::Biased(Conv("fc2", 6.0, 4.0, Extent{})), mad::LayerScale("scale", 4.0)};
  mlp.shortcut_kind = ShortcutKind::kIdentity;
  const Unit unit({relu, AttentionUnit(4)[0], pooled, mlp, gated}, 2);
  const at::Tensor direction = FormulaTensor(77, {3, 4, 4, 5}, 1);
  const at::Tensor x = FormulaTensor(99, {3, 4, 4, 5}, 1).set_requires_grad(true);
  const auto value = [&](const at::Tensor& input) { return unit.unit.Forward(input).pow(3).sum(); };  // training mode
  value(x).backward();
  const double slope = (x.grad() * direction).sum().item<double>();
  const at::NoGradGuard no_grad;
  constexpr double kStep = 1e-6;
  const double difference = (value(x + kStep * direction) - value(x - kStep * direction)).item<double>() / (2 * kStep);
  EXPECT_NEAR(slope, difference, 1e-6 * std::abs(difference) + 1e-8);
}

TEST(RecipeUnit, LeavesItsInputAlone) {
  const Unit unit(SqueezeExciteUnit(), 2);
  const at::NoGradGuard no_grad;
  const at::Tensor x = FormulaTensor(99, {2, 4, 5, 7}, 1);
  const at::Tensor before = x.clone();
  unit.unit.Forward(x);
  EXPECT_TRUE(at::equal(x, before));
}

TEST(RecipeUnit, NamesTheScaleOfTheLastNormOrLayerScaleBesideAShortcut) {
  const Unit with(SqueezeExciteUnit(), 2);
  ASSERT_EQ(with.unit.residual_scales().size(), 1u);
  EXPECT_TRUE(with.unit.residual_scales()[0].is_same(with.Weight("conv2.bn1")));
  mad::Unit<double> scaled = AttentionUnit(4);
  scaled[0].main.push_back(mad::LayerScale("ls1", 4.0));
  const Unit with_layer_scale(scaled, 2), with_layer_norm(AttentionUnit(4), 2);
  EXPECT_TRUE(with_layer_scale.unit.residual_scales().at(0).is_same(with_layer_scale.Parameter("ls1.gamma")));
  EXPECT_TRUE(with_layer_norm.unit.residual_scales().at(0).is_same(with_layer_norm.Weight("norm1")));
  mad::Unit<double> plain = SqueezeExciteUnit();
  plain[0].shortcut_kind = ShortcutKind::kNone;
  EXPECT_TRUE(Unit(plain, 2).unit.residual_scales().empty());
}

}  // namespace
}  // namespace deepmad::models
