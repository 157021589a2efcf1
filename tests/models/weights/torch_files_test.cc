// Weights between this program and Python's torch, in every form that people share them in.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/allclose.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "base/atomic_file.h"
#include "models/weights/load.h"
#include "models/weights/safetensors.h"
#include "tests/models/networks.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace deepmad::models {
namespace {

bool Python(const std::string& action, const std::string& network, const std::string& folder) {
  const std::string script = SourceFolder() + "/tests/models/weights/torch_files_peer.py";
  return std::system((PeersPython() + " " + script + " " + action + " " + network + " " + folder).c_str()) == 0;
}

std::map<std::string, at::Tensor> Expected(const std::string& folder) {
  std::map<std::string, at::Tensor> expected;
  for (const auto& [name, tensor] : ReadSafetensors(folder + "/expected.safetensors").tensors) expected[name] = tensor;
  return expected;
}

at::Tensor Logits(Network& network, const at::Tensor& images) {
  const at::NoGradGuard no_grad;
  network.eval();
  return network.Forward(images);
}

void ExpectLogits(const mad::NetworkSpec& spec, const std::string& file, WeightSet set, const at::Tensor& images,
                  const at::Tensor& expected) {
  const auto network = InitializedNetwork(spec, 2);
  ASSERT_NO_THROW(LoadWeights(*network, WeightsPlace{file, set}, HeadPolicy::kStrict)) << file;
  const at::Tensor logits = Logits(*network, images);
  EXPECT_TRUE(at::allclose(logits, expected, 1e-4, 1e-4)) << file << ": " << (logits - expected).abs().max().item<double>();
}

// Weights of our own, for Python to read.
void WriteOurs(const mad::NetworkSpec& spec, const std::string& folder, const at::Tensor& images) {
  const auto network = InitializedNetwork(spec, 3);
  WriteSafetensors(folder + "/ours.safetensors", network->StateDict(), {{"format", "pt"}});
  WriteSafetensors(folder + "/ours-logits.safetensors", {{"logits", Logits(*network, images)}});
}

TEST(TorchFilesPeer, EveryFormThatTorchWritesLoadsAndGivesItsLogits) {
  if (PeersPython().empty()) GTEST_SKIP() << "no Python peers: run scripts/setup.sh --peers";
  const TemporaryFolder folder;
  const mad::NetworkSpec spec = SmallStructure();
  base::WriteFileAtomically(folder.File("network.yaml"), mad::NetworkToYaml(spec));
  ASSERT_TRUE(Python("write", folder.File("network.yaml"), folder.path()));
  const auto expected = Expected(folder.path());
  const at::Tensor& images = expected.at("images");
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    const std::string name = entry.path().filename().string(), form = name.substr(0, name.find_first_of("-."));
    if (form == "expected" || form == "network") continue;
    const bool nested = form == "state_dict" || form == "model";
    ExpectLogits(spec, entry.path().string(), WeightSet::kTrained, images, expected.at(nested ? "plain" : form));
    if (form == "model") ExpectLogits(spec, entry.path().string(), WeightSet::kAveraged, images, expected.at("averaged"));
    ++files;
  }
  EXPECT_EQ(files, 12 * 2 + 3 * 2 + 1);
  WriteOurs(spec, folder.path(), images);
  EXPECT_TRUE(Python("read", folder.File("network.yaml"), folder.path()));
}

TEST(TorchFilesPeer, TorchvisionsNetworksLoadWithoutAMapAndOursLoadThere) {
  if (PeersPython().empty()) GTEST_SKIP() << "no Python peers: run scripts/setup.sh --peers";
  const std::vector<std::pair<std::string, std::string>> networks = {{"resnet50", "resnet50"}, {"mobilenetv2", "mobilenet_v2"}};
  const std::string names = "resnet50,mobilenet_v2";
  const TemporaryFolder folder;
  for (const auto& [ours, theirs] : networks) std::filesystem::create_directory(folder.File(theirs));
  ASSERT_TRUE(Python("write-torchvision", names, folder.path()));
  for (const auto& [ours, theirs] : networks) {
    const mad::NetworkSpec spec = PublishedStructure(ours);
    const auto expected = Expected(folder.File(theirs));
    ExpectLogits(spec, folder.File(theirs + "/theirs.pth"), WeightSet::kTrained, expected.at("images"), expected.at("theirs"));
    WriteOurs(spec, folder.File(theirs), expected.at("images"));
  }
  EXPECT_TRUE(Python("read-torchvision", names, folder.path()));
}

}  // namespace
}  // namespace deepmad::models
