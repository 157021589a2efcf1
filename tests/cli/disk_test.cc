// Every write is whole or absent: disks that fill up, turn read-only, fail or vanish under the program.
//
// DEEPMAD_CRASH_STRIDE=1 lets every single call fail that writes a run; the suite takes a sample.
#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "base/atomic_file.h"
#include "tests/cli/one_line.h"
#include "tests/cli/same_run.h"
#include "tests/cli/small_disk.h"
#include "tests/cli/small_run.h"
#include "tests/places.h"

namespace deepmad::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kKilo = 1024, kMega = 1024 * kKilo;
const char* const kNoSpace = "No space left on device";

constexpr char kProblem[] = R"(version: 1
name: small
input: {channels: 1, height: 28, width: 28}
stages:
  - {type: bottleneck, stride: 2, kernel: 3, depth: [1, 2], out_channels: [8, 64], bottleneck_channels: [8, 64]}
budgets: {flops: 1.0e+6, params: 2.0e+4, effectiveness: 1}
solver: {time_limit_seconds: 60}
head: {classes: 10}
)";

class DiskTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!SmallDisk::Allowed()) GTEST_SKIP() << "mounting needs root";
    fs::create_directory(disk_folder_);
  }

  const TemporaryFolder folder_;
  const SmallRun run_;
  const std::string disk_folder_ = folder_.File("disk");
  const std::string out_ = folder_.File("disk/run");
  const std::string whole_ = folder_.File("whole");
};

TEST_F(DiskTest, ARunOnADiskThatFillsUpStopsAndGoesOnWhenThereIsRoom) {
  ASSERT_EQ(run_.Train(whole_).exit_code, 0);
  // From a disk that holds not even the configuration to one that lacks room for the last file only.
  for (const size_t kilobytes : {4, 12, 36, 60, 100, 140, 200, 320, 440}) {
    SCOPED_TRACE(std::to_string(kilobytes) + " KiB");
    SmallDisk disk(disk_folder_, kilobytes * kKilo);
    const Outcome full = run_.Train(out_);
    if (full.exit_code == 0) FAIL() << "the run has room enough";
    ExpectOneLine(full, 1, {kNoSpace, out_});
    if (fs::exists(out_)) {
      ExpectNothingHalfWritten(out_);
      ExpectEveryFileWhole(out_);
    }
    disk.Resize(4 * kMega);
    const Outcome resumed = run_.Train(out_);
    ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
    EXPECT_EQ(resumed.err, "");
    ExpectSameRun(whole_, out_);
  }
}

TEST_F(DiskTest, ADesignOnAFullDiskLeavesWholeFilesOnly) {
  const std::string problem = folder_.Write("problem.yaml", kProblem), out = disk_folder_ + "/design";
  for (const size_t kilobytes : {4, 8, 12}) {
    SCOPED_TRACE(kilobytes);
    const SmallDisk disk(disk_folder_, kilobytes * kKilo);
    ExpectOneLine(Deepmad({"design", problem, "--out", out, "--quiet"}), 1, {kNoSpace, out});
    ExpectNothingHalfWritten(out);
    ExpectEveryFileWhole(out);
    EXPECT_FALSE(fs::exists(out + "/report.json")) << "it comes last";
  }
}

TEST_F(DiskTest, AReadOnlyFolderIsNamedAndStaysReadable) {
  SmallDisk disk(disk_folder_, 4 * kMega);
  ASSERT_EQ(run_.Train(out_).exit_code, 0);
  const std::string half = disk_folder_ + "/half";
  ASSERT_EQ(
      run_.Train(half, {}, {"LD_PRELOAD=" + FaultLibrary(), "FAULT_UNDER=" + half, "FAULT_CALL=rename", "FAULT_ACTION=kill", "FAULT_AT=15"})
          .exit_code,
      128 + SIGKILL);
  disk.MakeReadOnly();
  const std::string read_only = "Read-only file system";
  ExpectOneLine(run_.Train(disk_folder_ + "/new"), 1, {read_only, "/new"});
  ExpectOneLine(run_.Train(half), 1, {read_only, half});
  ExpectOneLine(Deepmad({"design", folder_.Write("problem.yaml", kProblem), "--out", disk_folder_ + "/design", "--quiet"}), 1, {read_only});
  // What only reads works.
  EXPECT_EQ(run_.Train(out_).exit_code, 0) << "a finished run";
  EXPECT_EQ(Deepmad({"validate", out_, "--quiet"}).exit_code, 0);
  EXPECT_EQ(Deepmad({"predict", out_, out_ + "/curves.png", "--quiet"}).exit_code, 0);
  EXPECT_EQ(Deepmad({"inspect", out_ + "/network.yaml", "--quiet"}).exit_code, 0);
  disk.MakeWritable();
  EXPECT_EQ(run_.Train(half).exit_code, 0);
  ExpectSameRun(out_, half);
}

TEST(VanishedFolderTest, ARunWhoseFolderIsTakenAwayStopsAndMakesNoOther) {
  const SmallRun run;
  const TemporaryFolder folder;
  const std::string out = folder.File("run");
  Program program(run.Words(out, {"train.epochs=1000"}));
  while (program.Running() && !fs::exists(out + "/checkpoints")) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  fs::rename(out, folder.File("elsewhere"));
  // The program may be about to write ("No such file or directory") or to read back what it wrote ("there is no such file").
  ExpectOneLine(program.Wait(), 1, {"such file", out});
  EXPECT_FALSE(fs::exists(out));
  ExpectEveryFileWhole(folder.File("elsewhere"));
}

// The disk fails (or is full) from one call on: nothing is left half written, and when it works again so does the run.
void FailFromEveryCall(const std::string& call, int code, const std::string& message, int stride, int first) {
  const SmallRun run;
  const TemporaryFolder folder;
  const std::string whole = folder.File("whole");
  ASSERT_EQ(run.Train(whole).exit_code, 0);
  int failures = 0;
  for (int at = first;; at += stride) {
    SCOPED_TRACE(call + " " + std::to_string(at));
    const std::string out = folder.File("failed" + std::to_string(at));
    const Outcome failed = run.Train(out, {},
                                     {"LD_PRELOAD=" + FaultLibrary(), "FAULT_UNDER=" + out, "FAULT_CALL=" + call,
                                      "FAULT_ACTION=" + std::to_string(code), "FAULT_AT=" + std::to_string(at)});
    if (failed.exit_code == 0) break;
    ++failures;
    ExpectOneLine(failed, 1, {message, out});
    ExpectNothingHalfWritten(out);
    ExpectEveryFileWhole(out);
    const Outcome resumed = run.Train(out);
    ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
    EXPECT_EQ(resumed.err, "");
    ExpectSameRun(whole, out);
    fs::remove_all(out);
  }
  EXPECT_GT(failures, 30 / stride);
  std::printf("%d failures at %s\n", failures, call.c_str());
}

TEST(FailingDiskTest, AWriteThatFindsTheDiskFull) { FailFromEveryCall("write", ENOSPC, kNoSpace, Effort("DEEPMAD_CRASH_STRIDE", 31), 7); }
TEST(FailingDiskTest, ASyncThatFails) { FailFromEveryCall("fsync", EIO, "Input/output error", Effort("DEEPMAD_CRASH_STRIDE", 37), 5); }

TEST(FailingDiskTest, AResultThatCannotBePrintedIsAFailure) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  const TemporaryFolder folder;
  const std::string errors = folder.File("errors");
  const int status = std::system((ProgramFile() + " list --json > /dev/full 2> " + errors).c_str());
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_NE(base::ReadFile(errors).find(kNoSpace), std::string::npos) << base::ReadFile(errors);
}

}  // namespace
}  // namespace deepmad::cli
