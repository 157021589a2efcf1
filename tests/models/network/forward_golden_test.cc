// Forward results of the published structures against those of the published reference. One suite a family, so that they run side by side.
#include <gtest/gtest.h>

#include "tests/models/forward_golden.h"

namespace deepmad::models {
namespace {

// Tensors at some places of the state_dict, {k, key, shape, first4, sum}, and of the input, {first4, sum}: the fill before the network.
void ExpectFill(const at::Tensor& tensor, const base::Json& expected) {
  for (size_t i = 0; i < expected.at("first4").size(); ++i) {
    EXPECT_DOUBLE_EQ(tensor.flatten()[static_cast<int64_t>(i)].item<double>(), expected.at("first4")[i].get<double>());
  }
  EXPECT_NEAR(tensor.sum().item<double>(), expected.at("sum").get<double>(), 1e-12 * tensor.abs().sum().item<double>());
}

void ExpectFills(const Network& network, const at::Tensor& images, const base::Json& golden) {
  const NamedTensors tensors = network.StateDict();
  ASSERT_EQ(tensors.size(), golden.at("num_tensors").get<size_t>());
  for (const base::Json& check : golden.at("fill_check")) {
    const auto& [name, tensor] = tensors.at(check.at("k"));
    SCOPED_TRACE(name);
    EXPECT_EQ(name, check.at("key").get<std::string>());
    ExpectFill(tensor, check);
  }
  SCOPED_TRACE("input");
  ExpectFill(images, golden.at("input_check"));
}

// Logits, or the map of each stage.
void ExpectForward(Network& network, const at::Tensor& images, const base::Json& expected, double relative, double magnitude = 0) {
  if (network.spec().head.IsClassifier()) {
    const at::Tensor logits = network.Forward(images);
    ExpectLike(logits, expected, relative, "logits", magnitude);
    EXPECT_EQ(logits.argmax().item<int64_t>(), expected.at("argmax").get<int64_t>());
    return;
  }
  const std::vector<at::Tensor> maps = network.ForwardFeatures(images);
  ASSERT_EQ(maps.size(), expected.size());
  for (size_t stage = 0; stage < maps.size(); ++stage) {
    ExpectLike(maps[stage], expected[stage], relative, "stage " + std::to_string(stage), magnitude);
  }
}

void ExpectStages(Network& network, const at::Tensor& images, const base::Json& blocks, double relative) {
  const std::vector<at::Tensor> maps = network.ForwardFeatures(images);
  const auto& levels = network.backbone().levels();
  ASSERT_EQ(maps.size(), levels.size());
  for (size_t level = 0; level < levels.size(); ++level) {
    EXPECT_EQ(maps[level].size(-1), images.size(-1) / levels[level].stride);
    ExpectLike(maps[level], blocks.at(static_cast<size_t>(levels[level].block)), relative, "end of stage " + std::to_string(level));
  }
}

// In float64 to 1e-9; in float32 to 1e-4 of the largest output, and the end of each stage: the reference's own float32 is as much as 1.1e-4
// of that off its float64. Quantised ones in float64 only: rounding to steps turns the last bit of a float32 into a whole step.
void ExpectTheReference(const std::string& name) {
  SCOPED_TRACE(name);
  const at::NoGradGuard no_grad;
  const base::Json& golden = GoldenOf("forward", name);
  const at::Tensor images = GoldenImages(golden);
  const auto network = FilledNetwork(golden, at::kDouble);
  network->eval();
  ExpectFills(*network, images, golden);
  ExpectForward(*network, images, golden.at("float64"), 1e-9);
  if (!golden.contains("float32")) {
    ExpectStages(*network, images, golden.at("block_outputs_float64"), 1e-9);
    return;
  }
  network->ConvertTo(at::kFloat);
  const at::Tensor single = images.to(at::kFloat);
  ExpectForward(*network, single, golden.at("float32"), 1e-4, golden.at("float32_vs_float64").at("max_abs"));
  ExpectStages(*network, single, golden.at("block_outputs_float64"), 1e-4);
}

TEST(ForwardGoldenFill, GivesThePublishedSamples) {
  const base::Json& samples = ForwardGolden().at("fill").at("u_samples");
  EXPECT_EQ(FormulaSample(0, 0), samples.at("u(0,0)").get<double>());
  EXPECT_EQ(FormulaSample(0, 1), samples.at("u(0,1)").get<double>());
  EXPECT_EQ(FormulaSample(7, 3), samples.at("u(7,3)").get<double>());
  EXPECT_EQ(FormulaSample(uint64_t{1} << 32, 12345), samples.at("u(2^32,12345)").get<double>());
}

TEST(ForwardGoldenBottleneck, DeepMadR18) { ExpectTheReference("deepmad-r18"); }
TEST(ForwardGoldenBottleneck, DeepMadR50) { ExpectTheReference("deepmad-r50"); }
TEST(ForwardGoldenBottleneck, Resnet50) { ExpectTheReference("resnet50-op-profiler"); }

TEST(ForwardGoldenSqueezeExcite, DeepMad29M) { ExpectTheReference("deepmad-29m-224"); }
TEST(ForwardGoldenSqueezeExcite, DeepMad50M) { ExpectTheReference("deepmad-50m"); }
TEST(ForwardGoldenSqueezeExcite, DeepMad89M) { ExpectTheReference("deepmad-89m"); }

TEST(ForwardGoldenZenNas, R18) { ExpectTheReference("zennas-r18-like"); }
TEST(ForwardGoldenZenNas, R50) { ExpectTheReference("zennas-r50-like"); }
TEST(ForwardGoldenZenNas, R152) { ExpectTheReference("zennas-r152-like"); }

TEST(ForwardGoldenDetection, MaeDetS) { ExpectTheReference("maedet-s"); }
TEST(ForwardGoldenDetection, MaeDetL) { ExpectTheReference("maedet-l"); }
TEST(ForwardGoldenDetection, DamoYoloK1kx) { ExpectTheReference("damoyolo-tinynas-l20-k1kx"); }
TEST(ForwardGoldenDetection, DamoYoloKxkx) { ExpectTheReference("damoyolo-tinynas-l35-kxkx"); }

TEST(ForwardGoldenVideo, E3dS) { ExpectTheReference("e3d-s"); }
TEST(ForwardGoldenVideo, E3dM) { ExpectTheReference("e3d-m"); }
TEST(ForwardGoldenVideo, E3dL) { ExpectTheReference("e3d-l"); }

TEST(ForwardGoldenQuantised, Mixed7d0g) { ExpectTheReference("mixed7d0g"); }
TEST(ForwardGoldenQuantised, Mixed19d2g) { ExpectTheReference("mixed19d2g"); }

}  // namespace
}  // namespace deepmad::models
