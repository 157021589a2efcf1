// Commands that train nothing, and what bad input gets: one clear line on stderr and the exit code of the contract.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/cli/one_line.h"
#include "tests/cli/program.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace deepmad::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr char kProblem[] = R"(version: 1
name: small
input: {channels: 1, height: 28, width: 28}
stages:
  - {type: bottleneck, stride: 2, kernel: 3, depth: [1, 2], out_channels: [8, 64], bottleneck_channels: [8, 64]}
budgets: {flops: 1.0e+6, params: 2.0e+4, effectiveness: 1}
solver: {time_limit_seconds: 60}
head: {classes: 10}
)";

TEST(CommandTest, DesignWritesNetworkReportAndDrawing) {
  const TemporaryFolder folder;
  const std::string problem = folder.Write("problem.yaml", kProblem), out = folder.File("design");
  const Outcome outcome = Deepmad({"design", problem, "--out", out, "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json report = Json::parse(outcome.out);
  EXPECT_EQ(report.at("status"), "optimal_within_gap");
  EXPECT_LE(report.at("flops").get<double>(), 1e6);
  EXPECT_GE(report.at("upper_bound"), report.at("objective"));
  EXPECT_LE(report.at("gap").get<double>(), 1e-4 * (1 + 1e-9));  // the bound is the objective times 1 + gap, rounded
  EXPECT_EQ(Json::parse(std::ifstream(out + "/report.json")), report);
  EXPECT_TRUE(fs::exists(out + "/structure.svg"));
  const Outcome inspected = Deepmad({"inspect", out + "/network.yaml", "--json"});
  ASSERT_EQ(inspected.exit_code, 0) << inspected.err;
  EXPECT_EQ(Json::parse(inspected.out).at("params"), report.at("params"));
  EXPECT_EQ(Json::parse(inspected.out).at("macs"), report.at("macs"));
}

TEST(CommandTest, DryRunOfADesignWritesNothing) {
  const TemporaryFolder folder;
  const std::string problem = folder.Write("problem.yaml", kProblem), out = folder.File("design");
  const Outcome outcome = Deepmad({"design", problem, "--out", out, "--dry-run"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("smallest"), std::string::npos);
  EXPECT_FALSE(fs::exists(out));
}

TEST(CommandTest, InspectComparesTwoNetworks) {
  const std::string arch = SourceFolder() + "/configs/arch/";
  const Outcome outcome = Deepmad({"inspect", arch + "deepmad-r18.yaml", arch + "deepmad-r50.yaml"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("deepmad-r50"), std::string::npos);
  EXPECT_NE(outcome.out.find("ratio"), std::string::npos);
}

TEST(CommandTest, ImportsAReleasedTextAndWritesItBack) {
  const TemporaryFolder folder;
  const std::string text = folder.File("r18.txt"), network = folder.File("r18.yaml");
  const std::string published = SourceFolder() + "/configs/arch/deepmad-r18.yaml";
  Outcome outcome = Deepmad({"import", published, "--out", text});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  outcome = Deepmad({"import", text, "--out", network, "--input", "3x224x224"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Outcome ours = Deepmad({"inspect", network, "--json"}), theirs = Deepmad({"inspect", published, "--json"});
  EXPECT_EQ(Json::parse(ours.out).at("per_layer"), Json::parse(theirs.out).at("per_layer"));
}

TEST(CommandTest, InspectDrawsTheStructure) {
  const TemporaryFolder folder;
  const std::string arch = SourceFolder() + "/configs/arch/", svg = folder.File("e3d.svg");
  const Outcome outcome = Deepmad({"inspect", arch + "e3d-s.yaml", "--formulation", "stentr", "--layers", "--svg", svg});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("3x3x3d"), std::string::npos);
  EXPECT_TRUE(fs::exists(svg));
}

TEST(CommandTest, ListsWhatIsRegistered) {
  const Outcome outcome = Deepmad({"list", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json document = Json::parse(outcome.out);
  for (const char* kind : {"blocks", "datasets", "tasks", "optimizers", "solvers", "configs"})
    EXPECT_FALSE(document.at(kind).empty()) << kind;
}

TEST(CommandTest, HelpOfEveryCommandHasAnExample) {
  for (const char* command : {"design", "sweep", "inspect", "import", "run", "train", "validate", "predict", "list", "data"}) {
    const Outcome outcome = Deepmad({command, "--help"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_NE(outcome.out.find(std::string("deepmad ") + command), std::string::npos) << outcome.out;
  }
}

TEST(CommandTest, VersionNamesLibTorch) {
  const Outcome outcome = Deepmad({"--version"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_NE(outcome.out.find("LibTorch 2.11"), std::string::npos) << outcome.out;
}

TEST(CommandErrorTest, AMisspeltCommandFlagOrListIsNamed) {
  ExpectOneLine(Deepmad({"desing"}), 2, {"desing", "design"});
  ExpectOneLine(Deepmad({"design", "--oout", "x"}), 2, {"--oout"});
  ExpectOneLine(Deepmad({"list", "block"}), 2, {"block", "blocks"});
  ExpectOneLine(Deepmad({"design"}), 2, {"no problem file given"});
}

TEST(CommandErrorTest, AMisspeltKeyNamesFileLineAndTheNearestKey) {
  const TemporaryFolder folder;
  std::string text = kProblem;
  text.replace(text.find("budgets"), 7, "budgest");
  const std::string problem = folder.Write("problem.yaml", text);
  ExpectOneLine(Deepmad({"design", problem, "--out", folder.File("out")}), 2, {"budgest", problem + ":6", "budgets"});
  EXPECT_FALSE(fs::exists(folder.File("out")));
}

TEST(CommandErrorTest, AValueOutOfRangeNamesKeyValueAndRange) {
  const TemporaryFolder folder;
  const std::string problem = folder.Write("problem.yaml", kProblem);
  ExpectOneLine(Deepmad({"design", problem, "--out", folder.File("out"), "channel_multiple=0"}), 2, {"channel_multiple", "0"});
  ExpectOneLine(Deepmad({"design", problem, "--out", folder.File("out"), "stages.0.kernel=4"}), 2, {"kernel 4", "odd"});
}

TEST(CommandErrorTest, AnInfeasibleBudgetExits3AndSaysByHowMuch) {
  const TemporaryFolder folder;
  const std::string problem = folder.Write("problem.yaml", kProblem);
  ExpectOneLine(Deepmad({"design", problem, "--out", folder.File("out"), "budgets.flops=1000"}), 3, {"flops", "1000", "%"});
  EXPECT_FALSE(fs::exists(folder.File("out")));
}

TEST(CommandErrorTest, ImportAndInspectNameTheirMistakes) {
  const TemporaryFolder folder;
  const std::string text = folder.Write("one.txt", "[{'class': 'ConvKXBNRELU', 'in': 3, 'out': 8, 'k': 3, 's': 2}]");
  ExpectOneLine(Deepmad({"import", text, "--input", "3x224"}), 2, {"input '3x224'"});
  ExpectOneLine(Deepmad({"import", folder.Write("bad.txt", "[{'class': }]")}), 2, {"bad.txt:1:12"});
  ExpectOneLine(Deepmad({"import", SourceFolder() + "/configs/arch/resnet18.yaml"}), 2, {"resnet_conv", "no released form"});
  const std::string arch = SourceFolder() + "/configs/arch/";
  ExpectOneLine(Deepmad({"inspect", arch + "e3d-s.yaml", arch + "e3d-m.yaml", "--svg", folder.File("two.svg")}), 2,
                {"--svg draws one network"});
}

TEST(CommandErrorTest, MissingFilesAndFoldersAreNamed) {
  const TemporaryFolder folder;
  ExpectOneLine(Deepmad({"design", folder.File("none.yaml"), "--out", folder.File("out")}), 2, {"none.yaml"});
  ExpectOneLine(Deepmad({"inspect", folder.File("none.yaml")}), 2, {"none.yaml"});
  ExpectOneLine(Deepmad({"validate", folder.path()}), 2, {"config.yaml"});
  const std::string network = SourceFolder() + "/configs/arch/deepmad-r18.yaml";
  ExpectOneLine(Deepmad({"predict", network, folder.File("none.png"), "--weights", "w.safetensors"}), 2, {"none.png"});
  ExpectOneLine(Deepmad({"run", SourceFolder() + "/configs/run/imagenet_mini.yaml", "--out", folder.File("out"), "--quiet", "--json",
                         "data.root=" + folder.File("nothing")}),
                2, {"nothing"});
}

TEST(CommandErrorTest, CudaThatIsNotThereIsSaid) {
  const TemporaryFolder folder;
  const Outcome outcome = Deepmad({"run", SourceFolder() + "/configs/run/quickstart_fashion.yaml", "--dry-run", "--device", "cuda:99",
                                   "data.name=synthetic", "data.root=null"});
  EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
  EXPECT_NE(LastLine(outcome.err).find("cuda:99"), std::string::npos) << outcome.err;
}

TEST(CommandErrorTest, ATruncatedJpegIsNamedByCheckAndByTraining) {
  const TemporaryFolder folder;
  // The start of a JPEG: markers, then nothing.
  const std::string broken =
      folder.Write("data/train/a/broken.jpg", std::string("\xFF\xD8\xFF\xE0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00", 20));
  folder.Write("data/val/a/broken.jpg", std::string("\xFF\xD8\xFF\xE0", 4));
  const std::string run_file = folder.Write("run.yaml", std::string("data: {name: image_folder, root: data, image_size: 32}\n"));
  const Outcome outcome = Deepmad({"data", "check", run_file, "--quiet"});
  EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
  EXPECT_NE(outcome.out.find("broken.jpg"), std::string::npos) << outcome.out;
  EXPECT_NE(LastLine(outcome.err).find("2 broken samples"), std::string::npos) << outcome.err;

  const std::string training = SourceFolder() + "/configs/run/imagenet_mini.yaml";
  const Outcome trained = Deepmad({"run", training, "--out", folder.File("out"), "--quiet", "data.root=" + folder.File("data"),
                                   "train.batch_size=1", "design.head.classes=1", "design.solver.time_limit_seconds=0.2"});
  EXPECT_EQ(trained.exit_code, 1) << trained.err;
  EXPECT_NE(LastLine(trained.err).find(broken), std::string::npos) << trained.err;
}

TEST(CommandTest, TheAllocatorKeepsMemoryInLargePages) {
  const Outcome outcome = Deepmad({"--version"}, {"MALLOC_CONF=stats_print:true"});
  EXPECT_NE(outcome.err.find("opt.thp: \"always\""), std::string::npos) << outcome.err.substr(0, 2000);
  EXPECT_NE(outcome.err.find("opt.dirty_decay_ms: -1"), std::string::npos);
}

}  // namespace
}  // namespace deepmad::cli
