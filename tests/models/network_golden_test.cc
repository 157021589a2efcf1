// Names, forward results and gradients of the published structures against those of the published reference (tests/golden).
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/json.h"
#include "tests/models/formula_fill.h"
#include "tests/models/networks.h"
#include "tests/places.h"

namespace deepmad::models {
namespace {

const base::Json& Golden() {
  static const base::Json golden = [] {
    std::ifstream file(GoldenFolder() + "/forward_golden.json");
    return base::Json::parse(file);
  }();
  return golden;
}

// Compares a tensor with {shape, sum, abs_sum, first8}; the sum to within `relative` of abs_sum.
void ExpectLike(const at::Tensor& tensor, const base::Json& expected, double relative, const std::string& what) {
  const at::Tensor values = tensor.detach().to(at::kDouble).contiguous();
  EXPECT_EQ(values.sizes().vec(), expected.at("shape").get<std::vector<int64_t>>()) << what;
  const double abs_sum = expected.at("abs_sum");
  EXPECT_NEAR(values.sum().item<double>(), expected.at("sum").get<double>(), relative * abs_sum) << what;
  EXPECT_NEAR(values.abs().sum().item<double>(), abs_sum, relative * abs_sum) << what;
  if (!expected.contains("first8")) return;
  const double mean = abs_sum / static_cast<double>(values.numel());
  for (size_t i = 0; i < expected.at("first8").size(); ++i) {
    const double value = expected.at("first8")[i];
    EXPECT_NEAR(values.const_data_ptr<double>()[i], value, relative * (std::abs(value) + mean)) << what << " [" << i << "]";
  }
}

std::shared_ptr<Network> FilledNetwork(const base::Json& golden, at::ScalarType dtype) {
  auto network = BuildNetwork(PublishedStructure(golden.at("name")));
  network->ConvertTo(dtype);
  FillByFormula(*network);
  return network;
}

at::Tensor GoldenImages(const base::Json& golden) { return FormulaImages(golden.at("input_shape").get<std::vector<int64_t>>()); }

// The published names, a norm's five tensors in one line.
std::vector<std::string> PublishedNames(const std::string& network) {
  std::ifstream file(GoldenFolder() + "/state_dict_" + network + ".txt");
  std::vector<std::string> names;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string kind, name, size;
    words >> kind >> name;
    std::string shape;
    while (words >> size) shape += " " + size;
    if (kind == "tensor") {
      names.push_back(name + shape);
    } else {
      for (const char* part : {".weight", ".bias", ".running_mean", ".running_var"}) names.push_back(name + part + shape);
      names.push_back(name + ".num_batches_tracked");
    }
  }
  return names;
}

TEST(NetworkGolden, StateDictHasThePublishedNamesOrderAndShapes) {
  for (const char* name : {"deepmad-r18", "deepmad-r50"}) {
    std::vector<std::string> ours;
    for (const auto& [key, tensor] : BuildNetwork(PublishedStructure(name))->StateDict()) {
      std::string line = key;
      for (const int64_t size : tensor.sizes()) line += " " + std::to_string(size);
      ours.push_back(line);
      EXPECT_EQ(tensor.scalar_type(), key.ends_with("num_batches_tracked") ? at::kLong : at::kFloat) << key;
    }
    EXPECT_EQ(ours, PublishedNames(name)) << name;
  }
}

TEST(NetworkGolden, FormulaFillGivesThePublishedSamples) {
  const base::Json& samples = Golden().at("fill").at("u_samples");
  EXPECT_EQ(FormulaSample(0, 0), samples.at("u(0,0)").get<double>());
  EXPECT_EQ(FormulaSample(0, 1), samples.at("u(0,1)").get<double>());
  EXPECT_EQ(FormulaSample(7, 3), samples.at("u(7,3)").get<double>());
  EXPECT_EQ(FormulaSample(uint64_t{1} << 32, 12345), samples.at("u(2^32,12345)").get<double>());
}

TEST(NetworkGolden, Float64ForwardEqualsTheReference) {
  const at::NoGradGuard no_grad;
  for (const base::Json& golden : Golden().at("forward")) {
    const auto network = FilledNetwork(golden, at::kDouble);
    network->eval();
    const at::Tensor images = GoldenImages(golden);
    const std::vector<at::Tensor> features = network->ForwardFeatures(images);
    const auto& levels = network->backbone().levels();
    ASSERT_EQ(features.size(), levels.size());
    for (size_t level = 0; level < levels.size(); ++level) {
      const auto block = static_cast<size_t>(levels[level].block);
      EXPECT_EQ(features[level].size(2), images.size(2) / levels[level].stride);
      ExpectLike(features[level], golden.at("block_outputs_float64")[block], 1e-9, "block " + std::to_string(block));
    }
    const at::Tensor logits = network->Forward(images);
    ExpectLike(logits, golden.at("float64"), 1e-9, golden.at("name"));
    EXPECT_EQ(logits.argmax().item<int64_t>(), golden.at("float64").at("argmax").get<int64_t>());
  }
}

TEST(NetworkGolden, Float32ForwardIsTheReferenceWithinRounding) {
  const at::NoGradGuard no_grad;
  for (const base::Json& golden : Golden().at("forward")) {
    const auto network = FilledNetwork(golden, at::kFloat);
    network->eval();
    const at::Tensor logits = network->Forward(GoldenImages(golden).to(at::kFloat));
    ExpectLike(logits, golden.at("float32"), 2e-5, golden.at("name"));
  }
}

TEST(NetworkGolden, TrainingStepEqualsTheReference) {
  const base::Json& golden = Golden().at("train")[0];
  const auto network = FilledNetwork(golden, at::kDouble);
  const at::Tensor logits = network->Forward(GoldenImages(golden));
  ExpectLike(logits, golden.at("logits"), 1e-6, "logits");
  const at::Tensor loss = at::cross_entropy_loss(logits, at::tensor(golden.at("labels").get<std::vector<int64_t>>()));
  EXPECT_NEAR(loss.item<double>(), golden.at("loss").get<double>(), 1e-6 * golden.at("loss").get<double>());
  loss.backward();

  double squares = 0;
  for (const auto& item : network->named_parameters()) squares += item.value().grad().square().sum().item<double>();
  const double norm = golden.at("grad_global_l2");
  EXPECT_NEAR(std::sqrt(squares), norm, 1e-6 * norm);
  const auto parameters = network->named_parameters();
  for (const base::Json& grad : golden.at("grads")) {
    const std::string key = grad.at("key");
    ExpectLike(parameters[key].grad(), grad, 1e-6, key);
  }
  const auto buffers = network->named_buffers();
  for (const base::Json& stat : golden.at("running_stats_after_one_forward")) {
    const std::string key = stat.at("key");
    ExpectLike(buffers[key], stat, 1e-6, key);
  }
}

}  // namespace
}  // namespace deepmad::models
