// The whole way through the binary on made-up pictures: design, train, validate, predict, stop and go on.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/cli/program.h"
#include "tests/temporary_folder.h"

namespace deepmad::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr char kRun[] = R"(version: 1
name: tiny
seed: 3
design:
  version: 1
  name: tiny
  input: {channels: 3, height: 16, width: 16}
  stem: {out_channels: [8, 16]}
  stages:
    - {type: bottleneck, stride: 2, kernel: 3, depth: [1, 2], out_channels: [8, 32], bottleneck_channels: [8, 32]}
    - {type: basic, stride: 2, kernel: 3, depth: [1, 2], out_channels: [8, 64], bottleneck_channels: [8, 64]}
  budgets: {flops: 3.0e+5, params: 3.0e+4, effectiveness: 1}
  solver: {time_limit_seconds: 60}
  head: {classes: 4}
task: {name: classification, mixup: 0.2, label_smoothing: 0.1}
data: {name: synthetic, image_size: 16, classes: 4, height: 20, width: 18, samples: 256, validation_samples: 50, workers: 1}
train:
  epochs: 3
  batch_size: 16
  ema: {decay: 0.9}
  deterministic: true
validate: {batch_size: 32}
)";

std::string Content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

Json Document(const Outcome& outcome) {
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json document = Json::parse(outcome.out, nullptr, false);
  EXPECT_FALSE(document.is_discarded()) << outcome.out;
  return document;
}

TEST(PipelineTest, DesignsTrainsValidatesAndPredictsInOneRunFolder) {
  const TemporaryFolder folder;
  const std::string run_file = folder.Write("run.yaml", kRun), out = folder.File("run");
  const Json summary = Document(Deepmad({"run", run_file, "--out", out, "--json"}));
  for (const char* name : {"config.yaml", "network.yaml", "report.json", "log.jsonl", "metrics.csv", "curves.png", "report.html",
                           "last.safetensors", "best.safetensors", "last_ema.safetensors", "best_ema.safetensors", "summary.json"}) {
    EXPECT_TRUE(fs::exists(out + "/" + name)) << name;
  }
  EXPECT_EQ(summary.at("epochs"), 3);
  EXPECT_EQ(summary.at("samples"), 3 * 256);
  EXPECT_GT(summary.at("metrics").at("top1").get<double>(), 0.4) << "chance is 0.25";
  EXPECT_EQ(Json::parse(Content(out + "/report.json")).at("violations").size(), 0u);

  const Json plain = Document(Deepmad({"validate", out, "--json"}));
  EXPECT_EQ(plain.at("metrics").at("top1"), summary.at("metrics").at("top1"));
  const Json averaged = Document(Deepmad({"validate", out, "--weights", out + "/last_ema.safetensors", "--json"}));
  EXPECT_EQ(averaged.at("metrics").at("top1"), summary.at("metrics").at("top1_ema"));

  const Json predictions = Document(Deepmad({"predict", out, out + "/curves.png", "--json", "--batch", "2", "--threads", "1"}));
  ASSERT_EQ(predictions.size(), 1u);
  EXPECT_EQ(predictions[0].at("top").size(), 4u);
  EXPECT_GE(predictions[0].at("top")[0].at("probability").get<double>(), predictions[0].at("top")[3].at("probability").get<double>());

  const Outcome again = Deepmad({"run", run_file, "--out", out, "--json"});
  EXPECT_EQ(Document(again), summary) << "a finished run is not run again";
  const Outcome other = Deepmad({"run", run_file, "--out", out, "train.epochs=4"});
  EXPECT_EQ(other.exit_code, 2) << other.err;
  EXPECT_NE(other.err.find(out), std::string::npos) << other.err;
}

TEST(PipelineTest, IsTheSameRunForAnyNumberOfLoaderWorkers) {
  const TemporaryFolder folder;
  const std::string run_file = folder.Write("run.yaml", kRun);
  std::string first;
  for (const char* workers : {"1", "2", "4"}) {
    const std::string out = folder.File(std::string("run") + workers);
    ASSERT_EQ(
        Deepmad({"run", run_file, "--out", out, "--quiet", "--threads", "1", std::string("data.workers=") + workers, "train.epochs=1"})
            .exit_code,
        0);
    const std::string weights = Content(out + "/last.safetensors");
    if (first.empty()) first = weights;
    EXPECT_TRUE(weights == first) << workers << " workers";
  }
}

TEST(PipelineTest, StoppedBySigtermExits75AndResumesToTheSameWeights) {
  const TemporaryFolder folder;
  const std::string run_file = folder.Write("run.yaml", kRun), whole = folder.File("whole"), cut = folder.File("cut");
  const std::vector<std::string> longer = {"train.epochs=12", "train.log_every_steps=1"};
  ASSERT_EQ(Deepmad({"run", run_file, "--out", whole, "--quiet", "--threads", "1", longer[0], longer[1]}).exit_code, 0);

  Program program({"run", run_file, "--out", cut, longer[0], longer[1], "--threads", "1"});
  for (int i = 0; i < 600 && !(fs::exists(cut + "/log.jsonl") && fs::file_size(cut + "/log.jsonl") > 2000); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  program.Signal(SIGTERM);
  const Outcome stopped = program.Wait();
  EXPECT_EQ(stopped.exit_code, 75) << stopped.err;
  EXPECT_FALSE(fs::exists(cut + "/summary.json"));

  const Outcome resumed = Deepmad({"run", run_file, "--out", cut, longer[0], longer[1], "--threads", "1"});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  for (const char* name : {"last.safetensors", "last_ema.safetensors"}) {
    EXPECT_TRUE(Content(whole + "/" + name) == Content(cut + "/" + name)) << name;
  }
  EXPECT_EQ(Json::parse(Content(whole + "/summary.json")).at("metrics"), Json::parse(Content(cut + "/summary.json")).at("metrics"));
}

TEST(PipelineTest, TrainsAGivenNetworkAndSaysWhatADryRunWouldDo) {
  const TemporaryFolder folder;
  const std::string network = folder.Write("network.yaml", R"(version: 1
name: given
input: {channels: 3, height: 16, width: 16}
blocks:
  - {type: conv, stride: 2, out_channels: 8}
  - {type: basic, depth: 1, stride: 2, bottleneck_channels: 8, out_channels: 16}
head: {classes: 4}
)");
  std::string text = kRun;
  const size_t design = text.find("design:"), task = text.find("task:");
  text.replace(design, task - design, "network: network.yaml\n");
  const std::string run_file = folder.Write("run.yaml", text), out = folder.File("out");
  const Json plan = Document(Deepmad({"train", run_file, "--dry-run", "--json"}));
  EXPECT_EQ(plan.at("updates"), 3 * 16);
  EXPECT_FALSE(fs::exists(out));
  const Json summary = Document(Deepmad({"train", run_file, "--out", out, "--json", "train.epochs=1"}));
  EXPECT_EQ(summary.at("network"), "given");
}

}  // namespace
}  // namespace deepmad::cli
