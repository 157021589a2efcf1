// Networks as files of plain PyTorch, in the hands of Python: the names of our weights, and our outputs in both precisions.
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>
#include <torch/nn/module.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "base/atomic_file.h"
#include "mad/python/network_source.h"
#include "models/heads/detection_head.h"
#include "models/heads/upernet.h"
#include "models/weights/safetensors.h"
#include "tests/models/formula_fill.h"
#include "tests/models/networks.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace deepmad::models {
namespace {

constexpr int64_t kImages = 2;

bool Python(const std::string& folder, const std::string& more = "") {
  return std::system(
             (PeersPython() + " " + SourceFolder() + "/tests/models/export/python_network_peer.py " + folder + " " + more).c_str()) == 0;
}

std::vector<at::Tensor> Outputs(Network& network, const at::Tensor& images) {
  const mad::NetworkSpec& spec = network.spec();
  if (spec.head.IsClassifier()) return {network.Forward(images)};
  return spec.head.IsDense() ? network.ForwardHead(images) : network.ForwardFeatures(images);
}

// FOLDER/NAME.py, its weights, images, and what it must give in float32 and in float64.
void WriteAll(Network& network, const std::string& start) {
  const at::NoGradGuard no_grad;
  network.eval();
  const mad::NetworkSpec& spec = network.spec();
  base::WriteFileAtomically(start + ".py",
                            mad::PythonNetwork(spec, {.written_by = "a test", .batch_norm_eps = network.batch_norm_settings().eps}));
  WriteSafetensors(start + ".weights", network.StateDict(), {});
  const at::Tensor images = FormulaImages(BatchShape(spec, kImages)).to(at::kFloat);
  NamedTensors tensors = {{"images", images}};
  const auto add = [&](const char* kind, const at::Tensor& input) {
    const std::vector<at::Tensor> outputs = Outputs(network, input);
    for (size_t i = 0; i < outputs.size(); ++i) tensors.emplace_back(kind + std::to_string(i), outputs[i].contiguous());
  };
  add("single", images);
  network.ConvertTo(at::kDouble);
  add("double", images.to(at::kDouble));
  WriteSafetensors(start + ".expected", tensors);
}

void FillAndWrite(const mad::NetworkSpec& spec, const std::string& start) {
  const auto network = BuildNetwork(spec);
  FillByFormula(*network);
  WriteAll(*network, start);
}

mad::NetworkSpec Detector(const std::string& head) {
  mad::NetworkSpec spec;
  spec.name = head;
  spec.input = {.channels = 3, .height = 96, .width = 160};
  spec.blocks = {Block("conv", 1, 3, 2, 6), Block("basic", 1, 3, 2, 8, 6), Block("basic", 1, 3, 2, 10, 6), Block("basic", 1, 3, 2, 12, 6),
                 Block("basic", 1, 3, 2, 14, 6)};
  spec.head = {.type = head, .classes = 7};
  spec.head.channels = 32;
  return spec;
}

class PythonNetworkPeer : public testing::Test {
 protected:
  void SetUp() override {
    if (PeersPython().empty()) GTEST_SKIP() << "no Python peers: run scripts/setup.sh --peers";
  }
  const TemporaryFolder folder_;
};

TEST_F(PythonNetworkPeer, RandomStructuresOfEveryBlockTypeGiveOurOutputs) {
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 80; ++seed) {
    const mad::NetworkSpec spec = RandomStructure(seed, {.quantised = seed >= 64, .features = true});
    for (const mad::BlockSpec& block : spec.blocks) seen.insert(block.type);
    FillAndWrite(spec, folder_.File("random" + std::to_string(seed)));
  }
  FillAndWrite(LayerNormStructure(), folder_.File("layer_norm"));
  EXPECT_EQ(seen.size(), mad::BlockRegistry::Get().Names().size());
  EXPECT_TRUE(Python(folder_.path(), "--script"));
}

// DEEPMAD_LONG_TESTS: all of them, as TorchScript too.
TEST_F(PythonNetworkPeer, PublishedStructuresGiveOurOutputs) {
  const bool all = std::getenv("DEEPMAD_LONG_TESTS") != nullptr;
  std::vector<std::string> names = {"deepmad-r18", "maedet-s", "e3d-s", "mixed7d0g", "resnet18", "mobilenetv2"};
  if (all) {
    names.clear();
    for (const auto& file : std::filesystem::directory_iterator(base::ConfigsFolder() + "/arch"))
      names.push_back(file.path().stem().string());
    EXPECT_GE(names.size(), 31U);
  }
  for (std::string name : names) {
    mad::NetworkSpec spec = PublishedStructure(name);
    spec.input.height = 75;  // no multiple of any stride
    spec.input.width = 62;
    spec.input.frames = std::min(spec.input.frames, 5);
    std::replace(name.begin(), name.end(), '-', '_');
    FillAndWrite(spec, folder_.File(name));
  }
  EXPECT_TRUE(Python(folder_.path(), all ? "--script" : ""));
}

// Sizes that no pooling grid and no stride divides.
TEST_F(PythonNetworkPeer, DenseHeadsGiveOurMaps) {
  mad::NetworkSpec spec = PublishedStructure("deepmad-r18");
  spec.input.height = 115;
  spec.input.width = 138;
  spec.head = {.type = "upernet", .classes = 7, .channels = 24};
  FillAndWrite(spec, folder_.File("upernet"));
  for (const char* head : {"fcos", "fcos_plain", "gflv2"}) {
    const mad::NetworkSpec detector = Detector(head);
    const auto network = BuildNetwork(detector);
    FillByFormula(*network);
    const at::NoGradGuard no_grad;
    for (auto& [name, tensor] : network->StateDict()) {  // some cells are sure of something, and boxes have several sizes
      if ((name.starts_with("bbox_head.conv_cls") || name.starts_with("bbox_head.gfl_cls")) && name.ends_with("bias")) tensor.sub_(2);
      if (name == "bbox_head.conv_reg.bias") tensor.add_(detector.head.type == "fcos_plain" ? 3 : 2);
    }
    WriteAll(*network, folder_.File(head));

    // The detections of our own decoding, from the same maps.
    network->ConvertTo(at::kFloat);
    const at::Tensor images = FormulaImages(BatchShape(detector, 1)).to(at::kFloat);
    std::vector<at::Tensor> maps = network->ForwardHead(images);
    NamedTensors expected;
    std::vector<HeadLevel> levels;
    for (size_t i = 0; i < maps.size(); ++i) {
      maps[i] = maps[i].contiguous();
      expected.emplace_back("map" + std::to_string(i), maps[i]);
    }
    for (size_t i = 0; i < maps.size(); i += 3) {
      levels.push_back({FeaturePyramid::kStrides[i / 3], static_cast<int>(maps[i].size(2)), static_cast<int>(maps[i].size(3)),
                        maps[i].const_data_ptr<float>(), maps[i + 1].const_data_ptr<float>(), maps[i + 2].const_data_ptr<float>()});
    }
    const auto& dense = dynamic_cast<const DetectionHead&>(*network->head());
    const std::vector<Detection> found = Detect(levels, dense.classes(), {96, 160, 1, 1}, dense.detect_options());
    ASSERT_GT(found.size(), 4U);
    at::Tensor rows = FormulaTensor(1, {static_cast<int64_t>(found.size()), 6}, 0);
    for (size_t i = 0; i < found.size(); ++i) {
      double* row = rows.mutable_data_ptr<double>() + 6 * i;
      for (size_t side = 0; side < 4; ++side) row[side] = found[i].box[side];
      row[4] = found[i].score;
      row[5] = static_cast<double>(found[i].label);
    }
    expected.emplace_back("detections", rows);
    WriteSafetensors(folder_.File(std::string(head) + ".detections"), expected);
  }
  EXPECT_TRUE(Python(folder_.path()));
}

// What people do with a network in Python, once each: compile, export, mixed precision, channels_last, a step of training, a detector
// around it.
TEST_F(PythonNetworkPeer, IsAModuleLikeAnyOther) {
  FillAndWrite(SmallStructure(), folder_.File("small"));
  EXPECT_TRUE(Python(folder_.path(), "--script --uses"));
}

}  // namespace
}  // namespace deepmad::models
