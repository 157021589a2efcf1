// deepmad pack, and a run on what it wrote.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/atomic_file.h"
#include "tests/cli/one_line.h"
#include "tests/cli/program.h"
#include "tests/temporary_folder.h"

namespace deepmad::cli {
namespace {

namespace fs = std::filesystem;

std::string RunFile(const TemporaryFolder& folder, int samples) {
  return folder.Write("run.yaml", "version: 1\ndata: {name: synthetic, image_size: 32, classes: 4, samples: " + std::to_string(samples) +
                                      ", validation_samples: 8, height: 40, width: 50}\n");
}

TEST(PackCommand, WritesAPackThatDataCheckFindsWhole) {
  const TemporaryFolder folder;
  const std::string run = RunFile(folder, 30), out = folder.File("packed");
  const Outcome packed = Deepmad({"pack", run, "--out", out, "--shard-samples", "12", "--json"});
  ASSERT_EQ(packed.exit_code, 0) << packed.err;
  const auto document = nlohmann::json::parse(packed.out);
  EXPECT_EQ(document.at("train").at("shards").size(), 3u);
  EXPECT_EQ(document.at("val").at("samples"), 8);
  const std::string check = folder.Write("check.yaml", "data: {name: pack, image_size: 32, root: " + out + "}\n");
  const Outcome checked = Deepmad({"data", "check", check, "--json"});
  ASSERT_EQ(checked.exit_code, 0) << checked.err;
  EXPECT_EQ(nlohmann::json::parse(checked.out).at("train").at("samples"), 30);
  ExpectOneLine(Deepmad({"pack", run, "--out", out}), 2, {"there is a pack already", out});

  std::string shard = base::ReadFile(out + "/train-00001.pack");
  shard[100] ^= 1;
  base::WriteFileAtomically(out + "/train-00001.pack", shard);
  const Outcome damaged = Deepmad({"data", "check", check});
  EXPECT_EQ(damaged.exit_code, 1);
  EXPECT_NE(damaged.out.find(out + "/train-00001.pack#"), std::string::npos) << damaged.out;
}

TEST(PackCommand, DryRunWritesNothing) {
  const TemporaryFolder folder;
  const Outcome outcome = Deepmad({"pack", RunFile(folder, 30), "--out", folder.File("packed"), "--dry-run"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.out, "would pack 30 + 8 samples\n");
  EXPECT_FALSE(fs::exists(folder.File("packed")));
}

TEST(PackCommand, KilledAtWorkLeavesNoPackAndStartsOver) {
  const TemporaryFolder folder;
  const std::string run = RunFile(folder, 20000), out = folder.File("packed");
  const std::vector<std::string> words = {"pack", run, "--out", out, "--shard-samples", "2000", "--threads", "2"};
  for (int i = 0; i < 3; ++i) {
    const auto before = [&] { return fs::exists(out + "/train-0000" + std::to_string(2 * i) + ".pack"); };
    if (i > 0) fs::remove_all(out);
    Program program(words);
    while (program.Running() && !before()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    program.Signal(SIGKILL);
    EXPECT_EQ(program.Wait().exit_code, 128 + SIGKILL);
    EXPECT_FALSE(fs::exists(out + "/pack.json"));
    const std::string check = folder.Write("check.yaml", "data: {name: pack, image_size: 32, root: " + out + "}\n");
    ExpectOneLine(Deepmad({"data", "check", check}), 2, {"not a finished pack", out});
  }
  ASSERT_EQ(Deepmad(words).exit_code, 0);
  for (const auto& entry : fs::directory_iterator(out)) EXPECT_FALSE(entry.path().filename().string().starts_with('.')) << entry.path();
  const std::string whole = folder.File("whole");
  ASSERT_EQ(Deepmad({"pack", run, "--out", whole, "--shard-samples", "2000", "--threads", "2"}).exit_code, 0);
  for (const auto& entry : fs::directory_iterator(whole)) {
    EXPECT_EQ(base::ReadFile(entry.path().string()), base::ReadFile(out + "/" + entry.path().filename().string()));
  }
}

}  // namespace
}  // namespace deepmad::cli
