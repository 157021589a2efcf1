#include "models/network/init.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/rand.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "tests/models/networks.h"

namespace deepmad::models {
namespace {

// One 3x3 layer wide enough for statistics.
mad::NetworkSpec WideStructure() {
  mad::NetworkSpec spec;
  spec.blocks = {Block("conv", 1, 1, 1, 96), Block("conv", 1, 3, 1, 160)};
  spec.head.classes = 200;
  return spec;
}

std::shared_ptr<Network> Initialized(const mad::NetworkSpec& spec, const InitOptions& options, uint64_t seed = 1) {
  auto network = BuildNetwork(spec);
  Initialize(*network, options, seed);
  return network;
}

bool SameWeights(const Network& a, const Network& b) {
  const NamedTensors first = a.StateDict(), second = b.StateDict();
  for (size_t i = 0; i < first.size(); ++i) {
    if (!at::equal(first[i].second, second[i].second)) return false;
  }
  return true;
}

void ExpectMoments(const at::Tensor& values, double sigma, double fourth_over_squared_variance) {
  const at::Tensor x = values.detach().to(at::kDouble);
  const double n = static_cast<double>(x.numel());
  const double variance = x.square().mean().item<double>();
  EXPECT_NEAR(x.mean().item<double>(), 0, 5 * sigma / std::sqrt(n));
  EXPECT_NEAR(variance, sigma * sigma, 5 * sigma * sigma * std::sqrt(2 / n));
  EXPECT_NEAR(x.pow(4).mean().item<double>() / (variance * variance), fourth_over_squared_variance, 0.1);
}

TEST(Init, KaimingHasTheStatedDistributions) {
  const auto parameters = Initialized(WideStructure(), {})->named_parameters();
  ExpectMoments(parameters["block_list.1.conv1.weight"], std::sqrt(2.0 / (160 * 9)), 3.0);
  ExpectMoments(parameters["fc_linear.weight"], std::sqrt(1.0 / 160 / 3), 1.8);
  EXPECT_LE(parameters["fc_linear.weight"].abs().max().item<double>(), std::sqrt(1.0 / 160) * 1.000001);
  EXPECT_GT(parameters["fc_linear.bias"].abs().sum().item<double>(), 0);
  EXPECT_LE(parameters["fc_linear.bias"].abs().max().item<double>(), std::sqrt(1.0 / 160) * 1.000001);
}

TEST(Init, ZenHasTheStatedDistributions) {
  const auto parameters = Initialized(WideStructure(), {.scheme = "zen"})->named_parameters();
  ExpectMoments(parameters["block_list.1.conv1.weight"], 3.26033 * std::sqrt(2.0 / (96 * 9 + 160 * 9)), 3.0);
  ExpectMoments(parameters["fc_linear.weight"], 3.26033 * std::sqrt(2.0 / (160 + 200)), 3.0);
  EXPECT_EQ(parameters["fc_linear.bias"].abs().sum().item<double>(), 0);
}

TEST(Init, TruncatedNormalHasTheStatedDistribution) {
  const auto parameters = Initialized(WideStructure(), {.scheme = "truncated_normal"})->named_parameters();
  // Second and fourth moment of a normal variable within two deviations, by partial integration.
  const double share = std::erf(std::sqrt(2.0)), density = std::exp(-2.0) / std::sqrt(2 * 3.141592653589793);
  const double variance = 1 - 4 * density / share, fourth = 3 - 28 * density / share;
  ExpectMoments(parameters["block_list.1.conv1.weight"], 0.02 * std::sqrt(variance), fourth / (variance * variance));
  ExpectMoments(parameters["fc_linear.weight"], 0.02 * std::sqrt(variance), fourth / (variance * variance));
  EXPECT_LE(parameters["block_list.1.conv1.weight"].abs().max().item<double>(), 0.04 * 1.000001);
  EXPECT_EQ(parameters["fc_linear.bias"].abs().sum().item<double>(), 0);
}

TEST(Init, WeightsDoNotDependOnTheActivations) {
  mad::NetworkSpec plain = HardSwishStructure();
  for (mad::BlockSpec& block : plain.blocks) block.activation.reset();
  EXPECT_TRUE(SameWeights(*Initialized(HardSwishStructure(), {}), *Initialized(plain, {})));
}

TEST(Init, LayerNormsBiasesAndLayerScalesHaveTheirValuesWhateverTheyHadBefore) {
  mad::NetworkSpec spec = SmallStructure();
  spec.blocks = {Block("conv", 1, 3, 2, 6), Block("convnext", 2, 3, 2, 8, 16), Block("transformer", 1, 3, 1, 12, 16)};
  for (const char* scheme : {"kaiming", "zen", "truncated_normal"}) {
    const auto network = Initialized(spec, {.scheme = scheme, .zero_last_norm = false, .layer_scale = 0.25});
    const at::NoGradGuard no_grad;
    for (auto& item : network->named_parameters()) item.value().fill_(3);
    Initialize(*network, {.scheme = scheme, .zero_last_norm = false, .layer_scale = 0.25}, 1);
    const auto parameters = network->named_parameters();
    const auto is_all = [&](const std::string& name, double value) { return (parameters[name] == value).all().item<bool>(); };
    EXPECT_TRUE(is_all("block_list.1.block_list.1.layer_scale.gamma", 0.25));
    EXPECT_TRUE(is_all("block_list.1.block_list.0.norm.weight", 1));
    EXPECT_TRUE(is_all("block_list.1.block_list.0.norm.bias", 0));
    EXPECT_TRUE(is_all("block_list.1.block_list.0.conv_dw.bias", 0));
    EXPECT_TRUE(is_all("block_list.2.block_list.0.attn.qkv.bias", 0));
    EXPECT_FALSE(is_all("block_list.2.block_list.0.attn.qkv.weight", 3));
  }
}

TEST(Init, NeighboursAndTensorsAreUncorrelated) {
  const auto parameters = Initialized(WideStructure(), {})->named_parameters();
  const at::Tensor x = parameters["block_list.1.conv1.weight"].detach().flatten().to(at::kDouble);
  const int64_t n = x.numel();
  const double variance = x.square().mean().item<double>();
  for (int64_t lag = 1; lag <= 4; ++lag) {
    const double covariance = (x.narrow(0, 0, n - lag) * x.narrow(0, lag, n - lag)).mean().item<double>();
    EXPECT_NEAR(covariance / variance, 0, 5 / std::sqrt(static_cast<double>(n))) << "lag " << lag;
  }
}

TEST(Init, DependsOnTheSeedOnly) {
  const auto reference = Initialized(SmallStructure(), {}, 7);
  EXPECT_TRUE(SameWeights(*reference, *Initialized(SmallStructure(), {}, 7)));
  EXPECT_FALSE(SameWeights(*reference, *Initialized(SmallStructure(), {}, 8)));
}

TEST(Init, DoesNotDependOnThreadsOrLayout) {
  const auto reference = Initialized(WideStructure(), {}, 7);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  EXPECT_TRUE(SameWeights(*reference, *Initialized(WideStructure(), {}, 7)));
  at::set_num_threads(threads);
  const auto other = BuildNetwork(WideStructure());
  other->SetMemoryFormat(at::MemoryFormat::ChannelsLast);
  Initialize(*other, {}, 7);
  EXPECT_TRUE(SameWeights(*reference, *other));
}

TEST(Init, ResetsWhatTrainingLeftBehind) {
  const auto network = Initialized(SmallStructure(), {}, 7);
  network->Forward(at::rand({2, 3, 33, 27}));
  EXPECT_FALSE(SameWeights(*network, *Initialized(SmallStructure(), {}, 7)));
  Initialize(*network, {}, 7);
  EXPECT_TRUE(SameWeights(*network, *Initialized(SmallStructure(), {}, 7)));
}

TEST(Init, ZeroLastNormMakesEveryUnitPassItsShortcutOn) {
  const auto network = Initialized(SmallStructure(), {.zero_last_norm = true});
  const auto parameters = network->named_parameters();
  double zero_scales = 0;
  for (const auto& item : parameters) {
    if (item.key().ends_with("bn1.weight") && item.value().sum().item<double>() == 0) ++zero_scales;
  }
  EXPECT_EQ(zero_scales, 5);  // 2 bottleneck and 3 basic units; not their projections, not the stem
  EXPECT_EQ(parameters["block_list.1.block_list.0.conv3.bn1.weight"].abs().sum().item<double>(), 0);
  EXPECT_EQ(parameters["block_list.1.block_list.0.residual_proj.bn1.weight"].mean().item<double>(), 1);
}

TEST(Init, OptionsComeFromTheConfiguration) {
  EXPECT_EQ(InitOptionsFromConfig(base::Config::FromText("{}")).scheme, "kaiming");
  EXPECT_FALSE(InitOptionsFromConfig(base::Config::FromText("{}")).zero_last_norm);
  EXPECT_TRUE(InitOptionsFromConfig(base::Config::FromText("scheme: zen")).zero_last_norm);
  EXPECT_FALSE(InitOptionsFromConfig(base::Config::FromText("{scheme: zen, zero_last_norm: false}")).zero_last_norm);
  EXPECT_EQ(InitOptionsFromConfig(base::Config::FromText("{}")).layer_scale, 1e-6);
  EXPECT_EQ(InitOptionsFromConfig(base::Config::FromText("layer_scale: 0.1")).layer_scale, 0.1);
  EXPECT_THROW(InitOptionsFromConfig(base::Config::FromText("scheme: zne")), base::Error);
  EXPECT_THROW(Initialized(SmallStructure(), {.scheme = "zne"}), base::Error);
}

}  // namespace
}  // namespace deepmad::models
