// kill -9 at any moment, then the same command again: the run ends as if nothing had happened.
//
// DEEPMAD_KILLS=25 kills at that many random moments, DEEPMAD_CRASH_STRIDE=1 tries every call at which a write can be cut; the suite takes
// a sample of both.
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "base/atomic_file.h"
#include "tests/cli/same_run.h"
#include "tests/cli/small_run.h"
#include "tests/places.h"
#include "train/report/run_log.h"

namespace deepmad::cli {
namespace {

namespace fs = std::filesystem;

// Longer phases than the small run's own, so that a random moment falls into each of them.
const std::vector<std::string> kLonger = {"data.height=160", "data.width=160", "data.validation_samples=240"};

ino_t Inode(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

bool HasPartialFile(const std::string& folder) {
  std::error_code absent;
  for (const auto& entry : fs::recursive_directory_iterator(folder, absent)) {
    if (entry.path().filename().string().find(".partial-") != std::string::npos) return true;
  }
  return false;
}

std::string CheckpointFile(const std::string& out, int64_t step) {
  char name[64];
  std::snprintf(name, sizeof name, "/checkpoints/step-%08lld.safetensors", static_cast<long long>(step));
  return out + name;
}

// Where a killed process was, from what it left: `log_before` is the inode of log.jsonl when the process started, which replaces it before
// its first update.
std::string PhaseOf(const std::string& out, ino_t log_before) {
  const std::string log = out + "/log.jsonl";
  if (!fs::exists(log) || Inode(log) == log_before) return "start";
  if (HasPartialFile(out)) return "save";
  const std::vector<base::Json> records = train::ReadJsonLines(log);
  if (records.empty()) return "step";
  const base::Json& last = records.back();
  const int64_t step = last.at("step");
  const bool saved = fs::exists(CheckpointFile(out, step));
  if (last.at("type") == "epoch") {  // then come the drawings and a checkpoint, which has been there since before the validation
    const bool drawn = fs::exists(out + "/report.html");
    return drawn && saved && fs::last_write_time(CheckpointFile(out, step)) >= fs::last_write_time(out + "/report.html") ? "step" : "save";
  }
  if (step % SmallRun::kSaveEvery == 0 && !saved) return "save";
  return step % SmallRun::kSteps == 0 ? "validation" : "step";
}

void SleepUpTo(double seconds, std::mt19937& random) {
  std::this_thread::sleep_for(std::chrono::duration<double>(std::uniform_real_distribution<double>(0, seconds)(random)));
}

void KillAtRandomMoments(const std::vector<std::string>& words) {
  const int wanted = Effort("DEEPMAD_KILLS", 5);
  const SmallRun run;
  const TemporaryFolder folder;
  const std::string whole = folder.File("whole");
  const auto start = std::chrono::steady_clock::now();
  ASSERT_EQ(run.Train(whole, words).exit_code, 0);
  const double run_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  std::mt19937 random(std::random_device{}());
  std::map<std::string, int> phases;
  int kills = 0, runs = 0;
  // Those in the first second, before anything has happened, come on top; a long search goes on until it has seen every phase.
  const auto enough = [&] {
    const int inside = kills - phases["start"];
    return inside >= 4 * wanted ||
           (inside >= wanted && (wanted < 25 || std::min({phases["step"], phases["validation"], phases["save"]}) >= 3));
  };
  // Sessions that are killed late make more than one run of it.
  while (!enough()) {
    const std::string out = folder.File("killed" + std::to_string(++runs));
    for (bool done = false; !done;) {
      const ino_t log_before = Inode(out + "/log.jsonl");
      Program program(run.Words(out, words));
      const bool last_session = enough();
      // One session in eight ends while it still starts.
      const bool early = !last_session && random() % 8 == 0;
      while (!early && program.Running() && (Inode(out + "/log.jsonl") == log_before || Inode(out + "/log.jsonl") == 0)) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
      }
      if (!last_session) {
        SleepUpTo(early ? 0.2 : run_seconds / 3, random);
        program.Signal(SIGKILL);
      }
      const Outcome outcome = program.Wait();
      done = outcome.exit_code == 0;
      if (done) break;
      ASSERT_EQ(outcome.exit_code, 128 + SIGKILL) << outcome.err;
      ++kills;
      ++phases[PhaseOf(out, log_before)];
    }
    ExpectSameRun(whole, out);
    ExpectNothingHalfWritten(out);
  }
  std::printf("%d kills over %d runs of %.1f s:", kills, runs, run_seconds);
  for (const auto& [phase, count] : phases) std::printf(" %s %d", phase.c_str(), count);
  std::printf("\n");
}

TEST(KillTest, KilledAtRandomMomentsEndsAsIfNothingHadHappened) { KillAtRandomMoments(kLonger); }

// The ranks end with the one that started them.
TEST(KillTest, TwoRanksKilledAtRandomMomentsEndAsIfNothingHadHappened) {
  std::vector<std::string> words = kLonger;
  words.insert(words.end(), {"--nproc", "2"});
  KillAtRandomMoments(words);
}

// Lines of a file that may not be there yet.
int Lines(const std::string& path) {
  if (!fs::exists(path)) return 0;
  const std::string content = base::ReadFile(path);
  return static_cast<int>(std::count(content.begin(), content.end(), '\n'));
}

TEST(KillTest, KilledWithinEpochsWithEveryOptionOnEndsAsIfNothingHadHappened) {
  const int wanted = Effort("DEEPMAD_KILLS", 3);
  const SmallRun run;
  const TemporaryFolder folder;
  const std::string teacher = folder.File("teacher"), whole = folder.File("whole");
  ASSERT_EQ(run.Train(teacher, {"train.epochs=1", "train.precision=float32"}).exit_code, 0);
  const std::vector<std::string> options = {
      "task.cutmix=1",
      "task.distill={network: " + teacher + "/network.yaml, weights: " + teacher + "/last.safetensors}",
      "data.height=100",
      "data.width=100",
      "data.train.repeats=3",
      "train.precision=float16",
      "train.loss_scale={initial: 16777216, growth_interval: 3}",
      "train.accumulate=2",
      "train.activation_checkpointing=true",
      "train.cuda_graphs=true",
      "train.drop_path=0.3",
      "train.optimizer={name: lamb, lr: 0.01}",
      "train.clip_norm=1",
  };
  ASSERT_EQ(run.Train(whole, options).exit_code, 0);
  const base::Json last_step = train::ReadJsonLines(whole + "/log.jsonl").at(3);
  EXPECT_EQ(last_step.at("step"), 4);  // the last one of the first epoch: repeats keep 256 of 384 samples
  EXPECT_GT(last_step.at("skipped"), 0);

  std::mt19937 random(std::random_device{}());
  for (int kill = 0; kill < wanted; ++kill) {
    const std::string out = folder.File("killed" + std::to_string(kill));
    const int line = 1 + static_cast<int>(random() % 3) + 5 * (kill % SmallRun::kEpochs);  // four updates and the epoch
    SCOPED_TRACE("killed after line " + std::to_string(line) + " of the log");
    Program program(run.Words(out, options));
    while (program.Running() && Lines(out + "/log.jsonl") < line) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    program.Signal(SIGKILL);
    ASSERT_EQ(program.Wait().exit_code, 128 + SIGKILL);
    const Outcome resumed = run.Train(out, options);
    ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
    ExpectSameRun(whole, out);
    ExpectNothingHalfWritten(out);
  }
}

// A process ended by the fault library at one call after the other, until the run is too short for the next one.
void KillAtEveryCall(const std::string& call, const std::string& action, int stride, int first) {
  const SmallRun run;
  const TemporaryFolder folder;
  const std::string whole = folder.File("whole");
  ASSERT_EQ(run.Train(whole).exit_code, 0);
  int cut = 0;
  for (int at = first;; at += stride) {
    SCOPED_TRACE(call + " " + std::to_string(at) + " " + action);
    const std::string out = folder.File("cut" + std::to_string(at));
    const Outcome killed = run.Train(out, {},
                                     {"LD_PRELOAD=" + FaultLibrary(), "FAULT_UNDER=" + out, "FAULT_CALL=" + call, "FAULT_ACTION=" + action,
                                      "FAULT_AT=" + std::to_string(at)});
    if (killed.exit_code == 0) break;
    ASSERT_EQ(killed.exit_code, 128 + SIGKILL) << killed.err;
    ++cut;
    if (action == "kill") ExpectEveryFileWhole(out);
    const Outcome resumed = run.Train(out);
    ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
    ASSERT_EQ(resumed.err, "");
    ExpectSameRun(whole, out);
    fs::remove_all(out);
  }
  EXPECT_GT(cut, 30 / stride);
  std::printf("%d kills at %s\n", cut, call.c_str());
}

TEST(CrashPointTest, KilledBetweenWriteAndRename) { KillAtEveryCall("rename", "kill", Effort("DEEPMAD_CRASH_STRIDE", 11), 1); }
TEST(CrashPointTest, KilledInTheMiddleOfAWrite) { KillAtEveryCall("write", "half", Effort("DEEPMAD_CRASH_STRIDE", 23), 3); }

}  // namespace
}  // namespace deepmad::cli
