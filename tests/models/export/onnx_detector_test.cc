// Detectors as ONNX files in onnxruntime: their maps, and their boxes after suppression.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>
#include <torch/nn/module.h>

#include <cstdlib>

#include "base/error.h"
#include "models/export/onnx_network.h"
#include "models/heads/detection_head.h"
#include "models/weights/safetensors.h"
#include "tests/models/formula_fill.h"
#include "tests/models/networks.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace deepmad::models {
namespace {

mad::NetworkSpec Structure(const std::string& head, int height, int width) {
  mad::NetworkSpec spec;
  spec.name = head;
  spec.input = {.channels = 3, .height = height, .width = width};
  spec.blocks = {Block("conv", 1, 3, 2, 6), Block("basic", 1, 3, 2, 8, 6), Block("basic", 1, 3, 2, 10, 6), Block("basic", 1, 3, 2, 12, 6),
                 Block("basic", 1, 3, 2, 14, 6)};
  spec.head.type = head;
  spec.head.classes = 7;
  spec.head.channels = 32;
  return spec;
}

// Weights with which some cells are sure of something and boxes have several sizes.
std::shared_ptr<Network> LivelyNetwork(const mad::NetworkSpec& spec) {
  auto network = BuildNetwork(spec);
  FillByFormula(*network);
  const at::NoGradGuard no_grad;
  for (auto& [name, tensor] : network->StateDict()) {
    const bool classes = name.starts_with("bbox_head.conv_cls") || name.starts_with("bbox_head.gfl_cls");
    if (classes && name.ends_with("bias")) tensor.sub_(2);
    if (name == "bbox_head.conv_reg.bias") tensor.add_(spec.head.type == "fcos_plain" ? 3 : 2);
  }
  network->eval();
  return network;
}

bool Python(const std::string& folder) {
  return std::system((PeersPython() + " " + SourceFolder() + "/tests/models/export/onnx_peer.py " + folder).c_str()) == 0;
}

NamedTensors Maps(Network& network, const at::Tensor& images) {
  NamedTensors tensors = {{"images", images}};
  const std::vector<at::Tensor> maps = network.ForwardHead(images);
  for (size_t i = 0; i < maps.size(); ++i) {
    const char* const kinds[] = {"classes_", "quality_", "distances_"};
    tensors.emplace_back(kinds[i % 3] + std::to_string(FeaturePyramid::kStrides[i / 3]), maps[i]);
  }
  return tensors;
}

NamedTensors Detections(Network& network, const at::Tensor& images) {
  std::vector<at::Tensor> maps = network.ForwardHead(images);
  for (at::Tensor& map : maps) map = map.contiguous();
  std::vector<HeadLevel> levels;
  for (size_t i = 0; i < maps.size(); i += 3) {
    levels.push_back({FeaturePyramid::kStrides[i / 3], static_cast<int>(maps[i].size(2)), static_cast<int>(maps[i].size(3)),
                      maps[i].const_data_ptr<float>(), maps[i + 1].const_data_ptr<float>(), maps[i + 2].const_data_ptr<float>()});
  }
  const auto& head = dynamic_cast<const DetectionHead&>(*network.head());
  const PictureFrame frame{static_cast<double>(images.size(2)), static_cast<double>(images.size(3)), 1, 1};
  std::vector<float> boxes, scores;
  std::vector<int64_t> labels;
  for (const Detection& one : Detect(levels, head.classes(), frame, head.detect_options())) {
    boxes.insert(boxes.end(), one.box.begin(), one.box.end());
    scores.push_back(one.score);
    labels.push_back(one.label);
  }
  EXPECT_GT(labels.size(), 4u);
  return {{"images", images},
          {"boxes", at::tensor(boxes, at::kFloat).view({-1, 4})},
          {"scores", at::tensor(scores, at::kFloat)},
          {"labels", at::tensor(labels, at::kLong)}};
}

TEST(OnnxDetectorPeer, GivesOurMapsThere) {
  if (PeersPython().empty()) GTEST_SKIP() << "no Python peers: run scripts/setup.sh --peers";
  const at::NoGradGuard no_grad;
  const TemporaryFolder folder;
  for (const char* type : {"fcos", "fcos_plain", "gflv2"}) {
    const auto network = LivelyNetwork(Structure(type, 115, 138));  // sides that no stride divides
    const NamedTensors tensors = Maps(*network, FormulaImages({3, 3, 115, 138}).to(at::kFloat));
    for (const bool fold : {false, true}) {
      const std::string file = folder.File(std::string(type) + (fold ? "-folded" : ""));
      WriteOnnx(file + ".onnx", OnnxFromNetwork(*network, {.fold_norms = fold}));
      WriteSafetensors(file + ".safetensors", tensors);
    }
  }
  EXPECT_TRUE(Python(folder.path()));
}

TEST(OnnxDetectorPeer, GivesOurDetectionsThere) {
  if (PeersPython().empty()) GTEST_SKIP() << "no Python peers: run scripts/setup.sh --peers";
  const at::NoGradGuard no_grad;
  const TemporaryFolder folder;
  for (const char* type : {"fcos", "fcos_plain", "gflv2"}) {
    // 1088 cells of the finest level, of which the best 1000 count; and 63.
    for (const auto& [height, width] : {std::pair{256, 272}, {72, 56}}) {
      const auto network = LivelyNetwork(Structure(type, height, width));
      const std::string file = folder.File(std::string(type) + std::to_string(height));
      WriteOnnx(file + ".onnx", OnnxFromNetwork(*network, {.detections = true}));
      WriteSafetensors(file + ".safetensors", Detections(*network, FormulaImages({1, 3, height, width}).to(at::kFloat)));
    }
  }
  EXPECT_TRUE(Python(folder.path()));
}

TEST(OnnxDetector, DetectionsNeedADetector) {
  mad::NetworkSpec spec = Structure("fcos", 64, 64);
  spec.head = {.type = "classifier", .classes = 3};
  const auto network = InitializedNetwork(spec);
  EXPECT_THROW(OnnxFromNetwork(*network, {.detections = true}), base::Error);
}

}  // namespace
}  // namespace deepmad::models
