#include "base/log.h"

#include <unistd.h>

#include <atomic>
#include <cstdio>

namespace deepmad::base {
namespace {

std::atomic<LogLevel> level{LogLevel::kNormal};

// One fputs per message: lines of several threads do not mix.
void Print(const std::string& message) {
  const char* clear_progress_bar = StderrIsTerminal() ? "\r\033[K" : "";
  std::fputs((clear_progress_bar + message + "\n").c_str(), stderr);
}

}  // namespace

void SetLogLevel(LogLevel new_level) { level = new_level; }
LogLevel GetLogLevel() { return level; }

void LogInfo(const std::string& message) {
  if (level != LogLevel::kQuiet) Print(message);
}

void LogWarning(const std::string& message) { Print("warning: " + message); }

bool StderrIsTerminal() { return ::isatty(STDERR_FILENO) == 1; }

}  // namespace deepmad::base
