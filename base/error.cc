#include "base/error.h"

#include <fmt/format.h>

namespace deepmad::base {
namespace {

// The longest that a file name can be fits. More is a value of a broken file: its beginning and its end are shown.
constexpr size_t kLongestPart = 4200, kShownStart = 200, kShownEnd = 60;

// A message stays one line whatever a file or an argument put into it.
void AppendPrintable(std::string& out, const std::string& text) {
  if (text.size() > kLongestPart) {
    AppendPrintable(out, text.substr(0, kShownStart));
    out += fmt::format("...({} bytes)...", text.size() - kShownStart - kShownEnd);
    AppendPrintable(out, text.substr(text.size() - kShownEnd));
    return;
  }
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
}

std::string Join(const std::string& what, const std::string& where, const std::string& hint) {
  std::string line;
  for (const std::string* part : {&what, &where, &hint}) {
    if (part->empty()) continue;
    if (!line.empty()) line += ": ";
    AppendPrintable(line, *part);
  }
  return line;
}

}  // namespace

Error::Error(ErrorKind kind, const std::string& what, const std::string& where, const std::string& hint)
    : std::runtime_error(Join(what, where, hint)), kind_(kind), where_(where), hint_(hint) {}

Error UsageError(const std::string& what, const std::string& where, const std::string& hint) {
  return Error(ErrorKind::kUsage, what, where, hint);
}

Error FailedError(const std::string& what, const std::string& where, const std::string& hint) {
  return Error(ErrorKind::kFailed, what, where, hint);
}

Error InfeasibleError(const std::string& what, const std::string& where, const std::string& hint) {
  return Error(ErrorKind::kInfeasible, what, where, hint);
}

}  // namespace deepmad::base
