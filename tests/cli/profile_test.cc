// deepmad profile: its table, what the other commands make of it, and what it says to wrong arguments. No figure of speed is tested.
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/cli/program.h"
#include "tests/cli/small_run.h"
#include "tests/temporary_folder.h"

namespace deepmad::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

std::vector<std::string> ProfileWords(const std::string& out, const std::vector<std::string>& more) {
  std::vector<std::string> words{"profile", "--out", out, "--threads", "1", "--device", "cpu", "--quiet"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST(ProfileTest, ATableServesPredictionsAndBudgets) {
  const TemporaryFolder folder;
  const std::string table = folder.File("table.json");
  const Outcome outcome = Deepmad(ProfileWords(table, {"--seconds", "0", "--resolution", "24", "--training-batch", "2", "--json"}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json summary = Json::parse(outcome.out);
  ASSERT_EQ(summary.at("fits").size(), 2u);
  EXPECT_EQ(summary.at("fits")[0].at("work"), "inference");
  EXPECT_GT(summary.at("fits")[0].at("layers"), 100);
  EXPECT_EQ(summary.at("fits")[1].at("work"), "training");

  const SmallRun run;
  const Outcome inspected = Deepmad({"inspect", run.network_file(), "--latency", table, "--json"});
  ASSERT_EQ(inspected.exit_code, 0) << inspected.err;
  const Json predictions = Json::parse(inspected.out).at("predictions");
  EXPECT_EQ(predictions.at("threads"), 1);
  ASSERT_EQ(predictions.at("cases").size(), 2u);
  for (const Json& one : predictions.at("cases")) EXPECT_GT(one.at("milliseconds"), 0);
  EXPECT_NE(Deepmad({"inspect", run.network_file(), "--latency", table}).out.find("predicted for CPU"), std::string::npos);

  const std::string problem = folder.Write("problem.yaml", R"(version: 1
name: quick
input: {channels: 3, height: 24, width: 24}
stem: {out_channels: [8, 16], kernel: 3, stride: 1}
stages:
  - {type: basic, stride: 2, kernel: 3, depth: [1, 3], out_channels: [8, 64], bottleneck_channels: [8, 64]}
budgets: {flops: 2e6, latency_table: table.json, latency_ms: 1000}
head: {classes: 10}
)");
  const Outcome designed = Deepmad({"design", problem, "--out", folder.File("design"), "--json"});
  ASSERT_EQ(designed.exit_code, 0) << designed.err;
  const Json latency = Json::parse(designed.out).at("budgets").at("latency_ms");
  EXPECT_EQ(latency.at("limit"), 1000);
  EXPECT_GT(latency.at("used"), 0);
  const Outcome impossible = Deepmad({"design", problem, "--out", folder.File("design"), "budgets.latency_ms=1e-5"});
  EXPECT_EQ(impossible.exit_code, 3) << impossible.err;
  EXPECT_NE(impossible.err.find("latency_ms"), std::string::npos) << impossible.err;
}

TEST(ProfileTest, AnInterruptedMeasurementLeavesNothing) {
  const TemporaryFolder folder;
  Program program(ProfileWords(folder.File("table.json"), {"--seconds", "60", "--resolution", "16", "--work", "inference"}));
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  program.Signal(SIGTERM);
  const Outcome outcome = program.Wait();
  EXPECT_EQ(outcome.exit_code, 75) << outcome.err;
  EXPECT_NE(outcome.err.find("stopped by a signal"), std::string::npos) << outcome.err;
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(ProfileTest, RefusesArgumentsThatMeanNothingAndMeasuresNothingDry) {
  const TemporaryFolder folder;
  const struct {
    std::vector<std::string> words;
    const char* says;
  } cases[] = {{{"profile"}, "no --out file given"},
               {ProfileWords(folder.File("absent/table.json"), {}), "no such folder"},
               {ProfileWords(folder.path(), {}), "--out is a folder"},
               {ProfileWords(folder.File("t.json"), {"--resolution", "8"}), "--resolution"},
               {ProfileWords(folder.File("t.json"), {"--precision", "int8"}), "--precision"},
               {ProfileWords(folder.File("t.json"), {"network.yaml"}), "unexpected argument 'network.yaml'"}};
  for (const auto& c : cases) {
    const Outcome outcome = Deepmad(c.words);
    EXPECT_EQ(outcome.exit_code, 2) << c.says;
    EXPECT_NE(outcome.err.find(c.says), std::string::npos) << outcome.err;
  }
  const Outcome dry = Deepmad(ProfileWords(folder.File("t.json"), {"--dry-run", "--batch", "1,8"}));
  EXPECT_EQ(dry.exit_code, 0) << dry.err;
  EXPECT_NE(dry.out.find("in float32 at batch 1, 8 for about 150 s"), std::string::npos) << dry.out;
  const SmallRun run;
  const Outcome absent = Deepmad({"inspect", run.network_file(), "--latency", folder.File("absent.json")});
  EXPECT_EQ(absent.exit_code, 2);
  EXPECT_NE(absent.err.find("deepmad profile --out"), std::string::npos) << absent.err;
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

}  // namespace
}  // namespace deepmad::cli
