#include "base/error.h"

#include <gtest/gtest.h>

namespace deepmad::base {
namespace {

TEST(Error, SaysWhatWhereAndHintInOneLine) {
  const Error error = UsageError("unknown key 'epohcs'", "run.yaml:3", "did you mean 'epochs'?");
  EXPECT_STREQ(error.what(), "unknown key 'epohcs': run.yaml:3: did you mean 'epochs'?");
  EXPECT_EQ(error.where(), "run.yaml:3");
  EXPECT_EQ(error.hint(), "did you mean 'epochs'?");
}

TEST(Error, LeavesOutEmptyParts) {
  EXPECT_STREQ(FailedError("disk full").what(), "disk full");
  EXPECT_STREQ(FailedError("disk full", "", "free some").what(), "disk full: free some");
}

TEST(Error, ShowsBeginningAndEndOfAPartThatIsTooLong) {
  const std::string line = FailedError(std::string(5000, 'a') + "zzz", "run.yaml:3").what();
  EXPECT_LT(line.size(), 350u);
  EXPECT_NE(line.find("aaa...(4743 bytes)...aaa"), std::string::npos) << line;
  EXPECT_NE(line.find("zzz: run.yaml:3"), std::string::npos) << line;
}

TEST(Error, KindsCarryTheExitCodesOfTheContract) {
  EXPECT_EQ(FailedError("x").exit_code(), 1);
  EXPECT_EQ(UsageError("x").exit_code(), 2);
  EXPECT_EQ(InfeasibleError("x").exit_code(), 3);
  EXPECT_EQ(Error(ErrorKind::kStopped, "x").exit_code(), 75);
}

TEST(Error, ControlCharactersCannotBreakTheLineOrTheTerminal) {
  EXPECT_STREQ(FailedError("a\nb\033[2Jc\x7f").what(), "a\\nb\\x1b[2Jc\\x7f");
}

}  // namespace
}  // namespace deepmad::base
