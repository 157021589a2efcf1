#include "base/stop_signal.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

namespace deepmad::base {
namespace {

TEST(StopSignal, TheFirstSignalOnlySetsTheFlag) {
  for (const int signal : {SIGTERM, SIGINT, SIGUSR1}) {
    ClearStopRequest();
    InstallStopHandlers();
    EXPECT_FALSE(StopRequested());
    ::raise(signal);
    EXPECT_TRUE(StopRequested()) << signal;
  }
  ClearStopRequest();
  for (const int signal : {SIGTERM, SIGINT, SIGUSR1}) std::signal(signal, SIG_DFL);
}

TEST(StopSignal, ARequestCanBeMadeAndCleared) {
  RequestStop();
  EXPECT_TRUE(StopRequested());
  ClearStopRequest();
  EXPECT_FALSE(StopRequested());
}

TEST(StopSignalDeathTest, TheSecondSignalEndsTheProcess) {
  EXPECT_EXIT(
      {
        InstallStopHandlers();
        ::raise(SIGTERM);
        ::raise(SIGTERM);
        ::_exit(0);
      },
      ::testing::KilledBySignal(SIGTERM), "");
}

}  // namespace
}  // namespace deepmad::base
