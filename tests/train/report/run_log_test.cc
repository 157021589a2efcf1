#include "train/report/run_log.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <limits>

#include "base/atomic_file.h"
#include "base/error.h"
#include "tests/temporary_folder.h"

namespace deepmad::train {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

bool UpToTwo(const base::Json& record) { return record.at("step").get<int64_t>() <= 2; }

TEST(JsonLinesLog, AppendsALineARecordAcrossProcesses) {
  const TemporaryFolder folder;
  const std::string path = folder.File("log.jsonl");
  JsonLinesLog(path).Append({{"step", 1}, {"loss", 0.5}});
  JsonLinesLog(path).Append({{"step", 2}, {"text", "two\nlines"}});
  EXPECT_EQ(base::ReadFile(path), "{\"step\":1,\"loss\":0.5}\n{\"step\":2,\"text\":\"two\\nlines\"}\n");
  EXPECT_EQ(ReadJsonLines(path)[1].at("text"), "two\nlines");
}

TEST(JsonLinesLog, RefusesANumberThatIsNotFinite) {
  const TemporaryFolder folder;
  EXPECT_THROW(JsonLinesLog(folder.File("log.jsonl")).Append({{"loss", kNan}}), base::Error);
}

TEST(JsonLinesLog, CutGivesTheFileOfAnUninterruptedRun) {
  const TemporaryFolder folder;
  const std::string path = folder.File("log.jsonl");
  const auto write = [&](int64_t first, int64_t last) {
    JsonLinesLog log(path);
    for (int64_t step = first; step <= last; ++step) log.Append({{"step", step}, {"loss", 1.0 / static_cast<double>(step)}});
  };
  write(1, 4);
  const std::string uninterrupted = base::ReadFile(path);
  CutJsonLines(path, UpToTwo);
  write(3, 4);
  EXPECT_EQ(base::ReadFile(path), uninterrupted);
}

TEST(JsonLinesLog, CutDropsATornLastLine) {
  const TemporaryFolder folder;
  for (const char* torn : {"{\"step\":2,\"lo", "{\"step\":2}", "\0"}) {
    const std::string path = folder.Write("log.jsonl", std::string("{\"step\":1}\n") + torn);
    CutJsonLines(path, UpToTwo);
    EXPECT_EQ(base::ReadFile(path), "{\"step\":1}\n");
  }
}

TEST(JsonLinesLog, AnUnreadableLineEndsTheLogWithAWarning) {
  const TemporaryFolder folder;
  const std::string path = folder.Write("log.jsonl", "{\"step\":1}\n\x01garbage\n{\"step\":2}\n");
  ::testing::internal::CaptureStderr();
  CutJsonLines(path, UpToTwo);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "warning: " + path + ":2: unreadable, dropped with all behind it\n");
  EXPECT_EQ(base::ReadFile(path), "{\"step\":1}\n");
}

TEST(JsonLinesLog, CuttingAnAbsentFileDoesNothing) {
  const TemporaryFolder folder;
  CutJsonLines(folder.File("none"), UpToTwo);
  EXPECT_FALSE(std::filesystem::exists(folder.File("none")));
}

TEST(JsonLinesLog, AMissingFolderIsNamed) { EXPECT_THROW(JsonLinesLog("/nonexistent/log.jsonl"), base::Error); }

TEST(CsvLog, WritesTheHeaderOnceAndExactNumbers) {
  const TemporaryFolder folder;
  const std::string path = folder.File("metrics.csv");
  CsvLog(path, {"step", "loss", "top1"}).Append({10, 0.1, kNan});
  CsvLog(path, {"step", "loss", "top1"}).Append({20, 1.0 / 3, 0.5});
  EXPECT_EQ(base::ReadFile(path), "step,loss,top1\n10,0.1,\n20,0.3333333333333333,0.5\n");
}

TEST(CsvLog, KeepsALeadingEmptyCell) {
  const TemporaryFolder folder;
  CsvLog(folder.File("a.csv"), {"x", "y"}).Append({kNan, kNan});
  EXPECT_EQ(base::ReadFile(folder.File("a.csv")), "x,y\n,\n");
}

TEST(CsvLog, OtherColumnsOrAnotherNumberOfValuesAreRefused) {
  const TemporaryFolder folder;
  const std::string path = folder.File("metrics.csv");
  CsvLog log(path, {"step", "loss"});
  EXPECT_THROW(log.Append({1}), base::Error);
  EXPECT_THROW(CsvLog(path, {"step", "top1"}), base::Error);
}

TEST(CsvLog, CutKeepsRowsByAColumnAndDropsATornLine) {
  const TemporaryFolder folder;
  const std::string path = folder.Write("metrics.csv", "epoch,step\n1,10\n2,20\n3,30\n4,4");
  CutCsv(path, "step", [](double step) { return step <= 20; });
  EXPECT_EQ(base::ReadFile(path), "epoch,step\n1,10\n2,20\n");
  EXPECT_THROW(CutCsv(path, "loss", [](double) { return true; }), base::Error);
}

TEST(CsvLog, ABrokenRowEndsTheTableWithAWarning) {
  const TemporaryFolder folder;
  for (const char* broken : {"2", "2,x", "2,20,200", "2,20 "}) {
    const std::string path = folder.Write("metrics.csv", std::string("epoch,step\n1,10\n") + broken + "\n3,30\n");
    ::testing::internal::CaptureStderr();
    CutCsv(path, "step", [](double) { return true; });
    EXPECT_NE(::testing::internal::GetCapturedStderr(), "");
    EXPECT_EQ(base::ReadFile(path), "epoch,step\n1,10\n") << broken;
  }
}

}  // namespace
}  // namespace deepmad::train
