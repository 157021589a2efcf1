// Messages to the person, on stderr: stdout belongs to results and to --json.
#pragma once

#include <string>

namespace deepmad::base {

enum class LogLevel { kQuiet, kNormal };

void SetLogLevel(LogLevel level);
LogLevel GetLogLevel();

void LogInfo(const std::string& message);     // dropped when quiet
void LogWarning(const std::string& message);  // "warning: ..." always

// True when stderr is a terminal that can redraw a line.
bool StderrIsTerminal();

}  // namespace deepmad::base
