// The baselines against torchvision's own networks, run by Python: the same weights give the same logits, whoever wrote them.
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "models/weights/load.h"
#include "models/weights/safetensors.h"
#include "tests/models/formula_fill.h"
#include "tests/models/networks.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace deepmad::models {
namespace {

// Our name and torchvision's.
const std::vector<std::pair<std::string, std::string>> kBaselines = {
    {"resnet18", "resnet18"}, {"resnet34", "resnet34"}, {"resnet50", "resnet50"}, {"mobilenetv2", "mobilenet_v2"}};

// Reads NAME.ours.safetensors and the images, writes NAME.theirs.safetensors, NAME.keys and the logits of both.
constexpr const char* kScript = R"(
import sys
import torch
import torchvision
from safetensors.torch import load_file, save_file

torch.manual_seed(1)
folder = sys.argv[1]
images = load_file(folder + "/images.safetensors")["images"]
for name in sys.argv[2:]:
    logits = {}
    model = torchvision.models.get_model(name, weights=None).eval()
    for key, tensor in model.state_dict().items():
        if key.endswith(("running_mean", "bias")):
            tensor.normal_(0, 0.1)
        elif key.endswith("running_var"):
            tensor.uniform_(0.5, 1.5)
    with open(folder + "/" + name + ".keys", "w") as file:
        file.writelines(key + "\n" for key in model.state_dict())
    save_file(model.state_dict(), folder + "/" + name + ".theirs.safetensors")
    with torch.no_grad():
        logits["theirs"] = model(images)
        model.load_state_dict(load_file(folder + "/" + name + ".ours.safetensors"), strict=True)
        logits["ours"] = model(images)
    save_file(logits, folder + "/" + name + ".logits.safetensors")
)";

void ExpectNear(const at::Tensor& ours, const at::Tensor& theirs) {
  ASSERT_EQ(ours.sizes(), theirs.sizes());
  const double scale = theirs.abs().max().item<double>();
  EXPECT_GT(scale, 0.1);
  EXPECT_LT((ours - theirs).abs().max().item<double>(), 1e-5 * scale);
}

TEST(TorchvisionPeer, SameWeightsGiveTheSameLogitsWhoeverWroteThem) {
  const std::string python = PeersPython();
  if (python.empty()) GTEST_SKIP() << "no Python peers: run scripts/setup.sh --peers";
  const at::NoGradGuard no_grad;
  const TemporaryFolder folder;
  const at::Tensor images = FormulaImages({2, 3, 75, 62}).to(at::kFloat);  // no multiple of any stride
  WriteSafetensors(folder.File("images.safetensors"), {{"images", images}}, {});

  std::map<std::string, at::Tensor> logits;
  std::string names;
  for (const auto& [ours, theirs] : kBaselines) {
    const auto network = BuildNetwork(PublishedStructure(ours));
    FillByFormula(*network);
    network->eval();
    logits[ours] = network->Forward(images);
    WriteSafetensors(folder.File(theirs + ".ours.safetensors"), network->StateDict(), {{"format", "pt"}});
    names += " " + theirs;
  }
  std::ofstream(folder.File("peer.py")) << kScript;
  const std::string command = python + " " + folder.File("peer.py") + " " + folder.File("") + names;
  ASSERT_EQ(std::system(command.c_str()), 0);

  for (const auto& [ours, theirs] : kBaselines) {
    SCOPED_TRACE(ours);
    std::map<std::string, at::Tensor> expected;
    for (const auto& [key, tensor] : ReadSafetensors(folder.File(theirs + ".logits.safetensors")).tensors) expected[key] = tensor;
    ExpectNear(logits[ours], expected.at("ours"));

    const auto network = BuildNetwork(PublishedStructure(ours));
    std::ifstream keys(folder.File(theirs + ".keys"));
    for (const auto& [name, tensor] : network->StateDict()) {
      std::string key;
      std::getline(keys, key);
      ASSERT_EQ(name, key);
    }
    LoadWeights(*network, {folder.File(theirs + ".theirs.safetensors")}, HeadPolicy::kStrict);
    network->eval();
    ExpectNear(network->Forward(images), expected.at("theirs"));
  }
}

}  // namespace
}  // namespace deepmad::models
