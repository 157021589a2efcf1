// Weights out of a run, and into other runs.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "onnx.pb.h"  // generated
#include "tests/cli/program.h"
#include "tests/cli/small_run.h"
#include "tests/cli/tensor_file.h"
#include "tests/temporary_folder.h"

namespace deepmad::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

std::string Content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

Json Document(const Outcome& outcome) {
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  return Json::parse(outcome.out, nullptr, false);
}

bool Contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// One run for all tests here.
class ExportTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    run_ = new SmallRun;
    folder_ = new TemporaryFolder;
    const Outcome outcome = run_->Train(Run(), {"train.epochs=1", "train.batch_norm.eps=0.001"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  }
  static void TearDownTestSuite() {
    delete run_;
    delete folder_;
  }
  static std::string Run() { return folder_->File("run"); }
  static std::string File(const std::string& name) { return folder_->File(name); }

  static inline SmallRun* run_ = nullptr;
  static inline TemporaryFolder* folder_ = nullptr;
};

TEST_F(ExportTest, WritesTheWeightsOfARunAndAPageThatDescribesThem) {
  const Json document = Document(Deepmad({"export", Run(), "--safetensors", File("net.safetensors"), "--json"}));
  EXPECT_EQ(document.at("files"), Json({File("net.safetensors")}));
  const Json best = Document(Deepmad({"validate", Run(), "--weights", Run() + "/best.safetensors", "--json"}));
  const Json exported = Document(Deepmad({"validate", Run(), "--weights", File("net.safetensors"), "--json"}));
  EXPECT_EQ(exported.at("weights_digest"), best.at("weights_digest"));
  EXPECT_EQ(exported.at("metrics"), best.at("metrics"));

  const std::string card = Content(File("net.md"));
  for (const char* part : {"# small", "`net.safetensors` | weights, safetensors: ", "## Budget", "## Structure", "out_channels",
                           "## Data and results", "Trained on synthetic: 1 epochs", "| top1 |",
                           "Protocol: ", "load_file(\"net.safetensors\")", "LoadWeights(*network, {\"net.safetensors\"}", "mean ["}) {
    EXPECT_TRUE(Contains(card, part)) << part << "\n" << card;
  }
}

TEST_F(ExportTest, WritesTheNetworkAsPlainPyTorchWithTheRunsBatchNorms) {
  const Json document = Document(Deepmad({"export", Run(), "--python", File("plain.py"), "--json"}));
  EXPECT_EQ(document.at("files"), Json({File("plain.py")}));
  const std::string source = Content(File("plain.py")), card = Content(File("plain.md"));
  for (const char* part : {"class Network(nn.Module):", "eps=0.001", "import torch\n", "def forward_features"}) {
    EXPECT_TRUE(Contains(source, part)) << part << "\n" << source;
  }
  for (const char* part : {"from plain import Network", "Trained on synthetic: 1 epochs"})
    EXPECT_TRUE(Contains(card, part)) << part << "\n" << card;
}

// A structure alone needs no weights.
TEST_F(ExportTest, WritesAStructureAsPlainPyTorch) {
  const Json document = Document(Deepmad({"export", Run() + "/network.yaml", "--python", File("bare.py"), "--json"}));
  EXPECT_EQ(document.at("weights"), "");
  EXPECT_TRUE(Contains(Content(File("bare.py")), "eps=1e-05"));
  EXPECT_TRUE(Contains(Content(File("bare.md")), "A structure without weights."));
  const Outcome wrong = Deepmad({"export", Run(), "--python", File("bare.txt")});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_TRUE(Contains(wrong.err, "the name does not end in .py")) << wrong.err;
  const Outcome unused =
      Deepmad({"export", Run() + "/network.yaml", "--python", File("unused.py"), "--weights", Run() + "/best.safetensors"});
  EXPECT_EQ(unused.exit_code, 2);
  EXPECT_TRUE(Contains(unused.err, "weights are given, but --python writes none")) << unused.err;
  const Outcome without = Deepmad({"export", Run() + "/network.yaml", "--python", File("unused.py"), "--onnx", File("unused.onnx")});
  EXPECT_EQ(without.exit_code, 2);
  EXPECT_TRUE(Contains(without.err, "no --weights given")) << without.err;
  EXPECT_FALSE(fs::exists(File("unused.py"))) << "nothing is written before all is known to be there";
}

onnx::ModelProto OnnxModel(const std::string& path) {
  onnx::ModelProto model;
  EXPECT_TRUE(model.ParseFromString(Content(path)));
  return model;
}

TEST_F(ExportTest, WritesTheNetworkOfARunAsOnnxWithTheSameTensors) {
  const Json document =
      Document(Deepmad({"export", Run(), "--onnx", File("both.onnx"), "--safetensors", File("both.safetensors"), "--json"}));
  EXPECT_EQ(document.at("files"), Json({File("both.safetensors"), File("both.onnx")}));
  const onnx::ModelProto model = OnnxModel(File("both.onnx"));
  EXPECT_EQ(model.opset_import(0).version(), 17);
  const auto& dims = model.graph().input(0).type().tensor_type().shape();
  EXPECT_EQ(dims.dim(0).dim_param(), "batch");
  EXPECT_EQ(dims.dim(1).dim_value(), 3);
  EXPECT_EQ(dims.dim(3).dim_value(), 16);
  EXPECT_EQ(model.graph().output(0).name(), "logits");

  const TensorFile weights = ReadTensorFile(File("both.safetensors"));
  ASSERT_GT(model.graph().initializer_size(), 10);
  for (const auto& tensor : model.graph().initializer()) {
    ASSERT_TRUE(weights.tensors.contains(tensor.name())) << tensor.name();
    EXPECT_EQ(tensor.raw_data(), weights.tensors.at(tensor.name()).bytes) << tensor.name();
  }
  std::map<std::string, std::string> metadata;
  for (const auto& entry : model.metadata_props()) metadata[entry.key()] = entry.value();
  EXPECT_EQ(metadata.at("network"), weights.metadata.at("network"));
  EXPECT_EQ(metadata.at("classes"), weights.metadata.at("classes"));
  int norms = 0;
  for (const auto& node : model.graph().node()) {
    if (node.op_type() != "BatchNormalization") continue;
    ++norms;
    EXPECT_EQ(node.attribute(0).f(), 0.001F);  // the run's own
  }
  EXPECT_EQ(norms, 4);

  const std::string card = Content(File("both.md"));
  for (const char* part : {"`both.safetensors` | weights", "`both.onnx` | network and weights, ONNX opset 17: ", "batch norms as they are",
                           "InferenceSession(\"both.onnx\")", "logits, = session.run(None, {\"images\": images})"}) {
    EXPECT_TRUE(Contains(card, part)) << part << "\n" << card;
  }
}

TEST_F(ExportTest, FoldsTheNormsOfAnOnnxFileWhereAsked) {
  ASSERT_EQ(Deepmad({"export", Run(), "--onnx", File("folded.onnx"), "--fold-bn"}).exit_code, 0);
  const onnx::ModelProto model = OnnxModel(File("folded.onnx"));
  for (const auto& node : model.graph().node()) EXPECT_NE(node.op_type(), "BatchNormalization");
  EXPECT_EQ(model.graph().initializer(1).name(), "block_list.0.conv1.bias");
  EXPECT_TRUE(Contains(Content(File("folded.md")), "batch norms folded into the convolutions"));
}

TEST_F(ExportTest, ANetworkWithoutClassifierGivesItsMaps) {
  std::ofstream(File("maps.yaml")) << "version: 1\nname: maps\nblocks: [{type: conv, stride: 2, out_channels: 8}, {type: basic, "
                                      "stride: 2, bottleneck_channels: 8, out_channels: 16}]\nhead: {type: features}\n";
  TensorFile weights = ReadTensorFile(Run() + "/best.safetensors");
  weights.tensors.erase("fc_linear.weight");
  weights.tensors.erase("fc_linear.bias");
  WriteTensorFile(File("maps.safetensors"), weights);
  const Outcome outcome = Deepmad({"export", File("maps.yaml"), "--weights", File("maps.safetensors"), "--onnx", File("maps.onnx")});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const onnx::ModelProto model = OnnxModel(File("maps.onnx"));
  ASSERT_EQ(model.graph().output_size(), 2);
  EXPECT_EQ(model.graph().output(0).name(), "stride_2");
  const auto& dims = model.graph().output(1).type().tensor_type().shape();
  EXPECT_EQ(dims.dim(1).dim_value(), 16);
  EXPECT_EQ(dims.dim(2).dim_value(), 56);
  const std::string card = Content(File("maps.md"));
  EXPECT_TRUE(Contains(card, "outputs are the maps of the levels that the head names")) << card;
  EXPECT_TRUE(Contains(card, "stride_2, stride_4, = session.run(")) << card;
}

TEST_F(ExportTest, TakesTheAveragedWeightsWhereAsked) {
  ASSERT_EQ(Deepmad({"export", Run(), "--ema", "--safetensors", File("ema.safetensors")}).exit_code, 0);
  const auto digest = [&](const std::string& file) {
    return Document(Deepmad({"validate", Run(), "--weights", file, "--json"})).at("weights_digest");
  };
  EXPECT_EQ(digest(File("ema.safetensors")), digest(Run() + "/best_ema.safetensors"));
  EXPECT_NE(digest(File("ema.safetensors")), digest(Run() + "/best.safetensors"));
  EXPECT_EQ(Document(Deepmad({"validate", Run(), "--ema", "--json"})).at("weights"), Run() + "/last_ema.safetensors");
}

TEST_F(ExportTest, ANetworkFileWithWeightsNeedsNoRunFolder) {
  const Outcome outcome =
      Deepmad({"export", run_->network_file(), "--weights", Run() + "/last.safetensors", "--safetensors", File("from_file.safetensors")});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_TRUE(
      Contains(Content(File("from_file.md")), "The weights came from `last.safetensors`; nothing beside them tells of data or results."));
}

TEST_F(ExportTest, SaysWhatIsMissing) {
  const auto refusal = [&](const std::vector<std::string>& words, int exit_code) {
    const Outcome outcome = Deepmad(words);
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
    return outcome.err;
  };
  EXPECT_TRUE(Contains(refusal({"export", Run()}, 2), "nothing to write"));
  const std::string target = File("none.safetensors");
  EXPECT_TRUE(Contains(refusal({"export", run_->network_file(), "--safetensors", target}, 2), "no --weights given"));
  EXPECT_TRUE(Contains(refusal({"export", Run(), "--weights", File("no.pth"), "--safetensors", target}, 2), "no such weights file"));
  EXPECT_TRUE(Contains(refusal({"export", Run(), "--weights", Run() + "/best.safetensors", "--ema", "--safetensors", target}, 2),
                       "holds one set of weights"));
  EXPECT_TRUE(Contains(refusal({"export", Run(), "train.epochs=2", "--safetensors", target}, 2), "unexpected argument"));
  EXPECT_TRUE(Contains(refusal({"export", Run(), "--weights", Run() + "/curves.png", "--safetensors", target}, 1),
                       "is it a whole file of weights"));
  EXPECT_TRUE(Contains(refusal({"export", Run(), "--onnx", File("none.md")}, 2), "the name does not end in .onnx"));
  EXPECT_TRUE(Contains(refusal({"export", Run(), "--safetensors", File("none.onnx")}, 2), "the name does not end in .safetensors"));
  EXPECT_TRUE(Contains(refusal({"export", Run(), "--safetensors", target, "--fold-bn"}, 2), "--fold-bn without --onnx"));
  EXPECT_TRUE(Contains(refusal({"export", run_->network_file(), "--onnx", File("none.onnx")}, 2), "no --weights given"));
  const std::string nowhere = refusal({"export", Run(), "--onnx", File("no/none.onnx")}, 1);
  EXPECT_TRUE(Contains(nowhere, "no/none.onnx") && Contains(nowhere, "check the name and that its folder exists")) << nowhere;
  EXPECT_EQ(Deepmad({"export", Run(), "--safetensors", target, "--onnx", File("none.onnx"), "--dry-run"}).exit_code, 0);
  EXPECT_FALSE(fs::exists(File("none.onnx")));
  EXPECT_FALSE(fs::exists(target));
  EXPECT_FALSE(fs::exists(File("none.md")));
}

TEST_F(ExportTest, ATrainingStartsFromGivenWeights) {
  const auto train = [&](const std::string& out, const std::vector<std::string>& words) {
    std::vector<std::string> all = run_->Words(out, {"train.epochs=1", "train.optimizer.lr=0"});
    all.insert(all.end(), words.begin(), words.end());
    return Deepmad(all);
  };
  const std::string weights = Run() + "/best.safetensors";
  ASSERT_EQ(train(File("strict"), {"--weights", weights}).exit_code, 0);
  ASSERT_EQ(train(File("drop"), {"--weights", weights, "--head", "drop"}).exit_code, 0);
  const auto tensor = [](const std::string& file, const char* name) { return ReadTensorFile(file).tensors.at(name).bytes; };
  const std::string strict = File("strict") + "/last.safetensors", drop = File("drop") + "/last.safetensors";
  EXPECT_TRUE(tensor(strict, "fc_linear.weight") == tensor(weights, "fc_linear.weight"));
  EXPECT_FALSE(tensor(drop, "fc_linear.weight") == tensor(weights, "fc_linear.weight"));
  EXPECT_TRUE(tensor(drop, "block_list.0.conv1.weight") == tensor(weights, "block_list.0.conv1.weight"));
  EXPECT_TRUE(Contains(Content(File("drop") + "/config.yaml"), weights));

  EXPECT_TRUE(Contains(train(File("no"), {"--head", "drop"}).err, "--head without weights to start from"));
  const std::string seven =
      "network={version: 1, name: seven, input: {height: 16, width: 16}, blocks: [{type: conv, stride: 2, out_channels: 8}, {type: basic, "
      "depth: 1, "
      "stride: 2, bottleneck_channels: 8, out_channels: 16}], head: {classes: 7}}";
  const Outcome other = train(File("other"), {"--weights", weights, seven, "data.classes=7", "--dry-run"});
  EXPECT_EQ(other.exit_code, 2) << other.out;
  EXPECT_TRUE(Contains(other.err, "the weights know 4 classes, the data 7")) << other.err;
  EXPECT_EQ(train(File("other"), {"--weights", weights, "--head", "drop", seven, "data.classes=7", "--dry-run"}).exit_code, 0);
}

}  // namespace
}  // namespace deepmad::cli
