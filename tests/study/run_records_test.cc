#include "train/study/run_records.h"

#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "tests/temporary_folder.h"

namespace deepmad::train {
namespace {

base::Json Record(const std::string& run) { return {{"run", run}, {"score", 0.5}}; }

std::string ErrorText(const RunRecords& records) {
  try {
    records.Read();
  } catch (const base::Error& error) {
    return error.what();
  }
  return "";
}

TEST(RunRecords, AreReadAsTheyWereWritten) {
  const TemporaryFolder folder;
  const RunRecords records(folder.File("runs.jsonl"));
  EXPECT_TRUE(records.Read().empty());
  records.Append(Record("a"));
  records.Append(Record("b"));
  EXPECT_EQ(records.Read().size(), 2U);
  EXPECT_EQ(records.Read().at("b"), Record("b"));
  EXPECT_EQ(base::ReadFile(records.path()), "{\"run\":\"a\",\"score\":0.5}\n{\"run\":\"b\",\"score\":0.5}\n");
}

TEST(RunRecords, ATornLineDoesNotCountAndGivesWay) {
  const TemporaryFolder folder;
  const RunRecords records(folder.Write("runs.jsonl", "{\"run\":\"a\"}\n{\"run\":\"b\",\"sc"));
  EXPECT_EQ(records.Read().size(), 1U);
  records.Append(Record("c"));
  EXPECT_EQ(records.Read().size(), 2U);
  EXPECT_EQ(base::ReadFile(records.path()), "{\"run\":\"a\"}\n{\"run\":\"c\",\"score\":0.5}\n");
}

TEST(RunRecords, BrokenLinesAndSecondRecordsAreNamed) {
  const TemporaryFolder folder;
  EXPECT_NE(ErrorText(RunRecords(folder.Write("broken", "{\"run\":\"a\"}\nnonsense\n"))).find("not the record of a run"),
            std::string::npos);
  EXPECT_NE(ErrorText(RunRecords(folder.Write("nameless", "{\"seed\":1}\n"))).find("not the record of a run"), std::string::npos);
  EXPECT_NE(ErrorText(RunRecords(folder.Write("twice", "{\"run\":\"a\"}\n{\"run\":\"a\"}\n"))).find("a second record of run a"),
            std::string::npos);
}

}  // namespace
}  // namespace deepmad::train
