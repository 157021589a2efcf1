#include "base/log.h"

#include <gtest/gtest.h>

namespace deepmad::base {
namespace {

std::string Captured(LogLevel level) {
  const LogLevel before = GetLogLevel();
  SetLogLevel(level);
  ::testing::internal::CaptureStderr();
  LogInfo("hello");
  LogWarning("careful");
  SetLogLevel(before);
  return ::testing::internal::GetCapturedStderr();
}

TEST(Log, GoesToStderr) { EXPECT_EQ(Captured(LogLevel::kNormal), "hello\nwarning: careful\n"); }

TEST(Log, QuietDropsMessagesButNotWarnings) { EXPECT_EQ(Captured(LogLevel::kQuiet), "warning: careful\n"); }

TEST(Log, ACapturedStderrIsNoTerminal) {
  ::testing::internal::CaptureStderr();
  EXPECT_FALSE(StderrIsTerminal());
  ::testing::internal::GetCapturedStderr();
}

}  // namespace
}  // namespace deepmad::base
