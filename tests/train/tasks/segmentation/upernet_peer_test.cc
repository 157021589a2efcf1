// Compares UPerNet, its auxiliary head and both losses with a Python module written from docs/protocols/segmentation.md, sections 3 and 4:
// same weights, float64.
#include <ATen/ops/rand.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>
#include <torch/nn/module.h>

#include <cstdlib>
#include <map>

#include "models/heads/upernet.h"
#include "models/layers/module_tree.h"
#include "models/weights/safetensors.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"
#include "train/tasks/segmentation/pixel_loss.h"

namespace deepmad::train {
namespace {

constexpr double kAuxiliaryWeight = 0.4;

at::Tensor Factors(int64_t images, int64_t channels) {
  return at::rand({images, channels, 1, 1}, at::kDouble).gt(0.1).to(at::kDouble).div(0.9);
}

class Comparison {
 public:
  explicit Comparison(const std::string& path) {
    for (auto& [name, tensor] : models::ReadSafetensors(path).tensors) expected_.emplace(name, tensor);
  }
  void Expect(const std::string& name, const at::Tensor& value) {
    ASSERT_TRUE(expected_.contains(name)) << name;
    const at::Tensor& wanted = expected_.at(name);
    ASSERT_EQ(wanted.sizes().vec(), value.sizes().vec()) << name;
    const double scale = std::max(1.0, wanted.abs().max().item<double>());
    EXPECT_LE((wanted - value).abs().max().item<double>(), 1e-6 * scale) << name;
    ++compared_;
  }
  size_t compared() const { return compared_; }

 private:
  std::map<std::string, at::Tensor> expected_;
  size_t compared_ = 0;
};

void CompareWithPython(const std::vector<std::pair<int64_t, int64_t>>& sizes, std::pair<int64_t, int64_t> image) {
  const std::array<int, 4> channels = {6, 8, 10, 12};
  const models::UPerNetOptions options{.classes = 7, .channels = 16, .auxiliary_channels = 9};
  torch::nn::Module root("heads");
  models::BatchNorms norms;
  const models::UPerNet net(options, channels, root, norms);
  models::NamedTensors given;
  for (auto& [name, tensor] : models::StateDict(root)) {
    if (tensor.is_floating_point()) {
      const bool positive = name.ends_with("running_var") || name.ends_with("bn.weight");
      tensor.set_data(positive ? at::rand(tensor.sizes(), at::kDouble) + 0.5 : at::randn(tensor.sizes(), at::kDouble) * 0.2);
    }
    given.emplace_back(name, tensor.detach().clone());
  }
  std::vector<at::Tensor> maps;
  for (size_t i = 0; i < 4; ++i) {
    maps.push_back(at::randn({2, channels[i], sizes[i].first, sizes[i].second}, at::kDouble));
    given.emplace_back("maps." + std::to_string(i), maps.back());
  }
  at::Tensor labels = at::randint(0, options.classes, {2, image.first, image.second}, at::kByte);
  labels.slice(2, 0, image.second / 4).fill_(255);
  const at::Tensor keep = Factors(2, options.channels), auxiliary_keep = Factors(2, options.auxiliary_channels);
  given.insert(given.end(), {{"labels", labels}, {"keep", keep}, {"auxiliary_keep", auxiliary_keep}});
  const TemporaryFolder folder;
  models::WriteSafetensors(folder.File("in.safetensors"), given);
  const std::string command = PeersPython() + " " + SourceFolder() + "/tests/train/tasks/segmentation/upernet_peer.py " +
                              folder.File("in.safetensors") + " " + folder.File("out.safetensors");
  ASSERT_EQ(std::system(command.c_str()), 0);
  Comparison comparison(folder.File("out.safetensors"));

  at::Tensor total;
  for (const std::string mode : {"eval", "train"}) {
    root.train(mode == "train");
    norms.CountBatch();
    const at::Tensor logits = net.ForwardMain(maps, mode == "train" ? keep : at::Tensor());
    const at::Tensor auxiliary = net.ForwardAuxiliary(maps, mode == "train" ? auxiliary_keep : at::Tensor());
    const at::Tensor loss = PixelCrossEntropy(logits, labels, PixelMean::kAllPixels);
    const at::Tensor auxiliary_loss = PixelCrossEntropy(auxiliary, labels, PixelMean::kAllPixels);
    comparison.Expect(mode + ".logits", logits);
    comparison.Expect(mode + ".auxiliary", auxiliary);
    comparison.Expect(mode + ".loss", loss);
    comparison.Expect(mode + ".labelled_loss", PixelCrossEntropy(logits, labels, PixelMean::kLabelledPixels));
    comparison.Expect(mode + ".auxiliary_loss", auxiliary_loss);
    total = loss + kAuxiliaryWeight * auxiliary_loss;
  }
  total.backward();
  for (const auto& item : root.named_parameters()) comparison.Expect("grad." + item.key(), item.value().grad());
  for (const auto& item : root.named_buffers()) comparison.Expect("buffer." + item.key(), item.value());
  EXPECT_EQ(comparison.compared(), 10u + 13 * 3 + 4 + 13 * 3);
}

TEST(UPerNetPeer, EqualsTheModuleWrittenFromTheProtocol) {
  if (PeersPython().empty()) GTEST_SKIP() << "needs the Python peers: run scripts/setup.sh --peers";
  CompareWithPython({{32, 32}, {16, 16}, {8, 8}, {4, 4}}, {128, 128});
}

TEST(UPerNetPeer, EqualsItForMapsOfOddSizes) {
  if (PeersPython().empty()) GTEST_SKIP() << "needs the Python peers: run scripts/setup.sh --peers";
  CompareWithPython({{33, 21}, {17, 11}, {9, 6}, {5, 3}}, {131, 83});
}

}  // namespace
}  // namespace deepmad::train
