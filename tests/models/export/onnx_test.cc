// ONNX files in the hands of others: the format's own checker, and onnxruntime, whose outputs are ours.
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "models/export/onnx_network.h"
#include "models/heads/upernet.h"
#include "models/weights/safetensors.h"
#include "tests/models/formula_fill.h"
#include "tests/models/networks.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace deepmad::models {
namespace {

constexpr int64_t kImages = 3;

bool Python(const std::string& folder) {
  return std::system((PeersPython() + " " + SourceFolder() + "/tests/models/export/onnx_peer.py " + folder).c_str()) == 0;
}

// FOLDER/NAME.onnx, NAME-folded.onnx, and what both must give.
void WriteBoth(Network& network, const std::string& start) {
  const at::NoGradGuard no_grad;
  network.eval();
  const mad::NetworkSpec& spec = network.spec();
  const at::Tensor images = FormulaImages(BatchShape(spec, kImages)).to(at::kFloat);
  NamedTensors tensors = {{"images", images}};
  if (spec.head.IsDense()) {
    tensors.emplace_back("logits", ResizeMap(network.ForwardHead(images).front(), images.sizes().slice(2)));
  } else if (spec.head.IsClassifier()) {
    tensors.emplace_back("logits", network.Forward(images));
  } else {
    const std::vector<at::Tensor> maps = network.ForwardFeatures(images);
    for (size_t level = 0; level < maps.size(); ++level) {
      tensors.emplace_back("stride_" + std::to_string(network.backbone().levels()[level].stride), maps[level]);
    }
  }
  for (const bool fold : {false, true}) {
    const std::string file = start + (fold ? "-folded" : "");
    WriteOnnx(file + ".onnx", OnnxFromNetwork(network, {.fold_norms = fold}));
    WriteSafetensors(file + ".safetensors", tensors);
  }
}

// Every third scale of a norm becomes negative.
void TurnSomeScales(Network& network) {
  const at::NoGradGuard no_grad;
  for (auto& [name, tensor] : network.StateDict()) {
    if (name.ends_with(".weight") && tensor.dim() == 1) tensor.slice(0, 0, tensor.size(0), 3).neg_();
  }
}

TEST(OnnxPeer, RandomStructuresOfEveryBlockTypeGiveOurOutputsThere) {
  if (PeersPython().empty()) GTEST_SKIP() << "no Python peers: run scripts/setup.sh --peers";
  const TemporaryFolder folder;
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 80; ++seed) {
    const mad::NetworkSpec spec = RandomStructure(seed, {.quantised = seed >= 64, .features = true});
    for (const mad::BlockSpec& block : spec.blocks) seen.insert(block.type);
    const auto network = BuildNetwork(spec);
    FillByFormula(*network);
    TurnSomeScales(*network);
    WriteBoth(*network, folder.File(std::to_string(seed)));
  }
  EXPECT_EQ(seen.size(), mad::BlockRegistry::Get().Names().size());
  EXPECT_TRUE(Python(folder.path()));
}

TEST(OnnxPeer, AttentionOfSeveralHeadsGivesOurLogitsThere) {
  if (PeersPython().empty()) GTEST_SKIP() << "no Python peers: run scripts/setup.sh --peers";
  const TemporaryFolder folder;
  const auto network = BuildNetwork(LayerNormStructure());
  FillByFormula(*network);
  WriteBoth(*network, folder.File("layer-norm"));
  EXPECT_TRUE(Python(folder.path()));
}

TEST(OnnxPeer, HardSwishAndHardSigmoidGiveOurLogitsThere) {
  if (PeersPython().empty()) GTEST_SKIP() << "no Python peers: run scripts/setup.sh --peers";
  const TemporaryFolder folder;
  const auto network = BuildNetwork(HardSwishStructure());
  FillByFormula(*network);
  WriteBoth(*network, folder.File("hard-swish"));
  EXPECT_TRUE(Python(folder.path()));
}

// Sizes that no pooling grid and no stride divides.
TEST(OnnxPeer, UPerNetGivesOurLogitsThere) {
  if (PeersPython().empty()) GTEST_SKIP() << "no Python peers: run scripts/setup.sh --peers";
  const TemporaryFolder folder;
  for (const char* name : {"deepmad-r18", "resnet18"}) {
    mad::NetworkSpec spec = PublishedStructure(name);
    spec.input.height = 115;
    spec.input.width = 138;
    spec.head = {.type = "upernet", .classes = 7, .channels = 24};
    const auto network = BuildNetwork(spec);
    FillByFormula(*network);
    WriteBoth(*network, folder.File(name));
  }
  EXPECT_TRUE(Python(folder.path()));
}

TEST(OnnxPeer, PublishedStructuresGiveOurOutputsThere) {
  if (PeersPython().empty()) GTEST_SKIP() << "no Python peers: run scripts/setup.sh --peers";
  const bool all = std::getenv("DEEPMAD_ONNX_ALL");
  std::vector<std::string> names = {
      "deepmad-r18", "deepmad-29m-224",           "zennas-r18-like", "maedet-s", "damoyolo-tinynas-nano-small",
      "e3d-s",       "damoyolo-tinynas-l20-k1kx", "mixed7d0g",       "resnet18", "mobilenetv2"};
  if (all) {
    names.clear();
    for (const auto& file : std::filesystem::directory_iterator(base::ConfigsFolder() + "/arch"))
      names.push_back(file.path().stem().string());
  }
  for (const std::string& name : names) {
    mad::NetworkSpec spec = PublishedStructure(name);
    if (!all) {
      spec.input.height = 75;  // no multiple of any stride
      spec.input.width = 62;
      spec.input.frames = std::min(spec.input.frames, 5);
    }
    const TemporaryFolder folder;
    const auto network = BuildNetwork(spec);
    FillByFormula(*network);
    WriteBoth(*network, folder.File(name));
    EXPECT_TRUE(Python(folder.path()));
  }
}

}  // namespace
}  // namespace deepmad::models
