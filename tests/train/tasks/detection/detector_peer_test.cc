// Compares detection heads, their losses on whole batches and their detections with Python modules written from
// docs/protocols/detection.md, in float64, and FCOS also with torchvision's.
#include <ATen/TensorOperators.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>
#include <torch/nn/module.h>

#include <cstdlib>
#include <map>

#include "base/random.h"
#include "models/heads/detection_head.h"
#include "models/layers/module_tree.h"
#include "models/weights/safetensors.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"
#include "train/tasks/detection/detector_loss.h"

namespace deepmad::train {
namespace {

constexpr std::array<int, 3> kChannels = {6, 8, 10};
constexpr int kClasses = 5, kWidth = 64;

// A head of a type on made maps, with weights large enough that it finds something.
struct Detector {
  explicit Detector(const std::string& type) {
    mad::HeadSpec spec;
    spec.type = type;
    spec.classes = kClasses;
    spec.channels = kWidth;
    std::vector<mad::FeatureLevel> levels;
    for (size_t i = 0; i < kChannels.size(); ++i) levels.push_back({static_cast<int>(i), kChannels[i], 8 << i});
    made = models::HeadRegistry::Get().Create(type, spec, levels, root, norms);
    for (auto& [name, tensor] : models::StateDict(root)) {
      const bool factor = name.ends_with("gn.weight") || name.ends_with("scale");
      const bool wide = name.starts_with("neck.lateral") || name.find("reg_conf") != std::string::npos;
      // The classes are rare, the distances a few strides (in pixels where the head says so by an exponential).
      const double shift = name.ends_with("cls.bias") ? -1.5 : name == "bbox_head.conv_reg.bias" ? (type == "fcos_plain" ? 3.0 : 2.0) : 0;
      tensor.set_data(factor ? at::rand(tensor.sizes(), at::kDouble) + 0.5
                             : at::randn(tensor.sizes(), at::kDouble) * (wide ? 0.3 : 0.05) + shift);
    }
  }
  const models::DetectionHead& head() const { return dynamic_cast<const models::DetectionHead&>(*made); }

  torch::nn::Module root{"root"};
  models::BatchNorms norms;
  std::unique_ptr<models::Head> made;
};

// A batch of 96 x 160: boxes of all sizes, also of several on one place; the second picture is smaller, the third has none.
std::vector<data::InputBoxes> Pictures() {
  base::Random random(11, base::RandomPurpose::kInit);
  std::vector<data::InputBoxes> pictures = {{1, 96, 160, 0.5, 0.51, {}}, {2, 58, 97, 1.25, 1.2, {}}, {3, 90, 130, 2, 2, {}}};
  for (size_t i = 0; i < 2; ++i) {
    const auto height = static_cast<double>(pictures[i].height), width = static_cast<double>(pictures[i].width);
    for (int box = 0; box < 9; ++box) {
      const double left = random.Uniform(0, 0.8 * width), top = random.Uniform(0, 0.8 * height);
      const double right = random.Uniform(left + 4, width), bottom = random.Uniform(top + 4, height);
      pictures[i].boxes.push_back(
          {static_cast<float>(left), static_cast<float>(top), static_cast<float>(right), static_cast<float>(bottom), box % kClasses});
    }
    pictures[i].boxes.push_back(pictures[i].boxes.front());  // the same place, another class
    pictures[i].boxes.back().label = 4;
  }
  return pictures;
}

at::Tensor BoxRows(const data::InputBoxes& picture) {
  std::vector<double> numbers;
  for (const data::LabelledBox& box : picture.boxes) {
    numbers.insert(numbers.end(), {box.left, box.top, box.right, box.bottom, static_cast<double>(box.label)});
  }
  return at::tensor(numbers, at::kDouble).view({-1, 5});
}

class Comparison {
 public:
  explicit Comparison(const std::string& path) {
    for (auto& [name, tensor] : models::ReadSafetensors(path).tensors) expected_.emplace(name, tensor);
  }
  const at::Tensor& operator[](const std::string& name) const { return expected_.at(name); }
  // To 1e-6 of the largest value, or of 1.
  void Expect(const std::string& name, const at::Tensor& value) {
    ASSERT_TRUE(expected_.contains(name)) << name;
    const at::Tensor& wanted = expected_.at(name);
    ASSERT_EQ(wanted.sizes().vec(), value.sizes().vec()) << name;
    if (wanted.numel() == 0) return;
    const double scale = std::max(1.0, wanted.abs().max().item<double>());
    EXPECT_LE((wanted - value).abs().max().item<double>(), 1e-6 * scale) << name;
  }

 private:
  std::map<std::string, at::Tensor> expected_;
};

bool RunPython(const std::string& words) {
  return std::system((PeersPython() + " " + SourceFolder() + "/tests/train/tasks/detection/" + words).c_str()) == 0;
}

// [n, 6]: corners, score, class.
at::Tensor DetectionRows(const Detector& detector, const std::vector<at::Tensor>& maps, int64_t picture, const data::InputBoxes& place) {
  std::vector<at::Tensor> single;
  for (const at::Tensor& map : maps) single.push_back(map[picture].detach().to(at::kFloat).contiguous());
  std::vector<models::HeadLevel> levels;
  for (size_t i = 0; i < single.size(); i += 3) {
    levels.push_back({models::FeaturePyramid::kStrides[i / 3], static_cast<int>(single[i].size(1)), static_cast<int>(single[i].size(2)),
                      single[i].const_data_ptr<float>(), single[i + 1].const_data_ptr<float>(), single[i + 2].const_data_ptr<float>()});
  }
  const models::PictureFrame frame{static_cast<double>(place.height), static_cast<double>(place.width), place.scale_y, place.scale_x};
  std::vector<double> rows;
  for (const models::Detection& one : models::Detect(levels, kClasses, frame, detector.head().detect_options())) {
    rows.insert(rows.end(), one.box.begin(), one.box.end());
    rows.insert(rows.end(), {one.score, static_cast<double>(one.label)});
  }
  return at::tensor(rows, at::kDouble).view({-1, 6});
}

void CompareWithPython(const std::string& type) {
  if (PeersPython().empty()) GTEST_SKIP() << "needs the Python peers: run scripts/setup.sh --peers";
  const Detector detector(type);
  const std::vector<data::InputBoxes> pictures = Pictures();
  models::NamedTensors given;
  for (auto& [name, tensor] : models::StateDict(detector.root)) given.emplace_back(name, tensor.detach().clone());
  std::vector<at::Tensor> features;
  for (int64_t i = 0; i < 3; ++i) {
    features.push_back(at::randn({3, kChannels[i], 12 >> i, 20 >> i}, at::kDouble).requires_grad_());
    given.emplace_back("maps." + std::to_string(i), features.back().detach());
  }
  std::vector<double> sizes, scales;
  for (size_t i = 0; i < pictures.size(); ++i) {
    given.emplace_back("boxes." + std::to_string(i), BoxRows(pictures[i]));
    sizes.insert(sizes.end(), {static_cast<double>(pictures[i].height), static_cast<double>(pictures[i].width)});
    scales.insert(scales.end(), {pictures[i].scale_y, pictures[i].scale_x});
  }
  given.emplace_back("sizes", at::tensor(sizes, at::kDouble).view({-1, 2}));
  given.emplace_back("scales", at::tensor(scales, at::kDouble).view({-1, 2}));
  const TemporaryFolder folder;
  models::WriteSafetensors(folder.File("in.safetensors"), given);
  ASSERT_TRUE(RunPython("detector_peer.py " + type + " " + folder.File("in.safetensors") + " " + folder.File("out.safetensors")));
  Comparison comparison(folder.File("out.safetensors"));
  EXPECT_GT(comparison["positives"].item<double>(), 15) << "too little to compare";

  const std::vector<at::Tensor> maps = detector.made->Forward(features);
  for (size_t i = 0; i < maps.size(); i += 3) {
    const std::string level = std::to_string(i / 3);
    comparison.Expect("classes." + level, maps[i]);
    comparison.Expect("quality." + level, maps[i + 1]);
    comparison.Expect("distances." + level, maps[i + 2]);
  }
  const auto loss = NewDetectorLoss(detector.head());
  const DetectorLossParts parts = loss->Parts(detector.head().ForwardMaps(features), pictures, nullptr);
  comparison.Expect("loss.classes", parts.classes);
  comparison.Expect("loss.boxes", parts.boxes);
  comparison.Expect("loss.quality", parts.quality);
  parts.Sum().backward();
  for (const auto& item : detector.root.named_parameters()) comparison.Expect("grad." + item.key(), item.value().grad());
  for (size_t i = 0; i < features.size(); ++i) comparison.Expect("grad.maps." + std::to_string(i), features[i].grad());
  for (size_t i = 0; i < pictures.size(); ++i) {
    const at::Tensor found = DetectionRows(detector, maps, static_cast<int64_t>(i), pictures[i]);
    EXPECT_GT(found.size(0), 4) << "picture " << i;
    comparison.Expect("detections." + std::to_string(i), found);
  }
}

TEST(DetectorPeer, FcosEqualsPythonWrittenFromTheProtocol) { CompareWithPython("fcos"); }
TEST(DetectorPeer, PlainFcosEqualsPythonWrittenFromTheProtocol) { CompareWithPython("fcos_plain"); }
TEST(DetectorPeer, Gflv2EqualsPythonWrittenFromTheProtocol) { CompareWithPython("gflv2"); }

// Its head has the same towers and predictions as `fcos`, without scales of the levels, and the same pyramid.
TEST(DetectorPeer, TorchvisionsFcosGivesTheSameMaps) {
  if (PeersPython().empty()) GTEST_SKIP() << "needs the Python peers: run scripts/setup.sh --peers";
  const Detector detector("fcos");
  models::NamedTensors given;
  for (auto& [name, tensor] : models::StateDict(detector.root)) {
    if (name.ends_with(".scale")) tensor.detach().fill_(1);
    given.emplace_back(name, tensor.detach().clone());
  }
  std::vector<at::Tensor> features;
  for (int64_t i = 0; i < 3; ++i) {
    features.push_back(at::randn({2, kChannels[i], (35 >> i) + 1, (22 >> i) + 1}, at::kDouble));
    given.emplace_back("maps." + std::to_string(i), features.back());
  }
  const TemporaryFolder folder;
  models::WriteSafetensors(folder.File("in.safetensors"), given);
  ASSERT_TRUE(RunPython("torchvision_fcos_peer.py " + folder.File("in.safetensors") + " " + folder.File("out.safetensors")));
  Comparison comparison(folder.File("out.safetensors"));
  const std::vector<models::DetectionMaps> maps = detector.head().ForwardMaps(features);
  for (size_t i = 0; i < maps.size(); ++i) {
    const std::string level = std::to_string(i);
    comparison.Expect("classes." + level, maps[i].classes);
    comparison.Expect("quality." + level, maps[i].quality);
    comparison.Expect("distances." + level, maps[i].distances);
  }
}

}  // namespace
}  // namespace deepmad::train
