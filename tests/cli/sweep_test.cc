// `deepmad sweep` in processes of its own.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/cli/program.h"
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
  - {type: bottleneck, stride: 2, kernel: 3, depth: [1, 3], out_channels: [8, 128], bottleneck_channels: [8, 128]}
budgets: {flops: 1.0e+6, params: 5.0e+4, effectiveness: 1}
solver: {time_limit_seconds: 60}
head: {classes: 10}
)";

TEST(SweepCommandTest, WritesATableAPictureAndANetworkAPoint) {
  const TemporaryFolder folder;
  const std::string problem = folder.Write("problem.yaml", kProblem), out = folder.File("sweep");
  const Outcome outcome = Deepmad({"sweep", problem, "--out", out, "--json", "--vary", "budgets.flops=1e4,5e5,2e6"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json document = Json::parse(outcome.out);
  ASSERT_EQ(document.at("points").size(), 3u);
  EXPECT_EQ(document.at("points")[0].at("report").at("status"), "infeasible");
  EXPECT_LE(document.at("points")[1].at("report").at("flops").get<double>(), 5e5);
  EXPECT_GT(document.at("points")[2].at("report").at("objective"), document.at("points")[1].at("report").at("objective"));
  EXPECT_TRUE(document.at("points")[2].at("on_front"));
  EXPECT_TRUE(fs::exists(out + "/sweep.csv"));
  EXPECT_TRUE(fs::exists(out + "/sweep.png"));
  EXPECT_FALSE(fs::exists(out + "/points/000/network.yaml"));
  const Outcome inspected = Deepmad({"inspect", out + "/points/002/network.yaml", "--json"});
  EXPECT_EQ(Json::parse(inspected.out).at("macs"), document.at("points")[2].at("report").at("macs"));
}

TEST(SweepCommandTest, ASecondRunSolvesOnlyWhatHasChanged) {
  const TemporaryFolder folder;
  const std::string problem = folder.Write("problem.yaml", kProblem), out = folder.File("sweep");
  ASSERT_EQ(Deepmad({"sweep", problem, "--out", out, "--vary", "budgets.flops=5e5,1e6", "--quiet"}).exit_code, 0);
  const auto time_of = [&](const char* point) { return fs::last_write_time(out + "/points/" + point + "/report.json"); };
  const auto first = time_of("000"), second = time_of("001");
  const Outcome again = Deepmad({"sweep", problem, "--out", out, "--vary", "budgets.flops=5e5,2e6,3e6", "--json"});
  ASSERT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(time_of("000"), first);
  EXPECT_NE(time_of("001"), second);
  EXPECT_EQ(Json::parse(again.out).at("points").size(), 3u);
}

TEST(SweepCommandTest, ABrokenReportOfAPointIsNamedAndKept) {
  const TemporaryFolder folder;
  const std::string problem = folder.Write("problem.yaml", kProblem), out = folder.File("sweep");
  const std::vector<std::string> arguments = {"sweep", problem, "--out", out, "--vary", "budgets.flops=5e5,1e6", "--quiet"};
  ASSERT_EQ(Deepmad(arguments).exit_code, 0);
  std::ofstream(out + "/points/001/report.json") << "{";
  const Outcome outcome = Deepmad(arguments);
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.err.find("points/001/report.json"), std::string::npos) << outcome.err;
  EXPECT_EQ(fs::file_size(out + "/points/001/report.json"), 1u);
}

TEST(SweepCommandTest, ASignalStopsItWithWhatIsSolvedSaved) {
  const TemporaryFolder folder;
  const std::string problem = folder.Write("problem.yaml", kProblem), out = folder.File("sweep");
  const std::vector<std::string> arguments = {"sweep", problem, "--out", out, "--quiet", "--vary", "budgets.flops=5e5:2e6:5000"};
  Program program(arguments);
  while (!fs::exists(out + "/points/001/report.json")) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  program.Signal(SIGTERM);
  const Outcome outcome = program.Wait();
  EXPECT_EQ(outcome.exit_code, 75) << outcome.err;
  EXPECT_NE(outcome.err.find("of 5000 points"), std::string::npos) << outcome.err;
  EXPECT_FALSE(fs::exists(out + "/sweep.csv"));
}

TEST(SweepCommandTest, DryRunSaysHowLongAndWritesNothing) {
  const TemporaryFolder folder;
  const std::string problem = folder.Write("problem.yaml", kProblem), out = folder.File("sweep");
  const Outcome outcome = Deepmad({"sweep", problem, "--out", out, "--dry-run", "--vary", "budgets.flops=5e5:2e6:30"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("30 points"), std::string::npos) << outcome.out;
  EXPECT_FALSE(fs::exists(out));
}

TEST(SweepCommandTest, ErrorsNameTheAxisTheKeyOrTheBudget) {
  const TemporaryFolder folder;
  const std::string problem = folder.Write("problem.yaml", kProblem), out = folder.File("sweep");
  const auto error = [&](const std::string& vary, int exit_code) {
    const Outcome outcome = Deepmad({"sweep", problem, "--out", out, "--quiet", "--vary", vary});
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
    return outcome.err;
  };
  EXPECT_NE(error("budgets.flops=1:2", 2).find("a count"), std::string::npos);
  EXPECT_NE(error("budgets.flop=1e6,2e6", 2).find("flops"), std::string::npos) << "the nearest key";
  EXPECT_NE(error("budgets.flops=-1,2e6", 2).find("budgets.flops"), std::string::npos);
  EXPECT_FALSE(fs::exists(out)) << "a bad axis is found before anything is written";
  EXPECT_NE(error("budgets.flops=10,20", 3).find("none of the 2 points"), std::string::npos);
  EXPECT_TRUE(fs::exists(out + "/sweep.csv")) << "which names the budgets in the way";
  EXPECT_EQ(Deepmad({"sweep", problem, "--out", out}).exit_code, 2);
}

}  // namespace
}  // namespace deepmad::cli
