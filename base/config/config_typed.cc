#include "base/config/config_typed.h"

#include <pwd.h>

#include <cstdlib>

#include "base/config/config_scalar.h"

namespace deepmad::base {
namespace {

constexpr const char* kBlanks = " \t\r\n";

std::string Trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(kBlanks);
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// A single YAML string from the first to the last character: quotes inside are doubled ('), or follow a backslash (").
bool IsQuotedWhole(const std::string& text) {
  if (text.size() < 2 || (text[0] != '"' && text[0] != '\'')) return false;
  const char quote = text[0];
  for (size_t i = 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (i + 1 == text.size()) return true;
      if (quote == '"' || text[++i] != quote) return false;
    }
  }
  return false;
}

}  // namespace

bool IsTypedYaml(const std::string& text) {
  const std::string value = Trimmed(text);
  return value.starts_with('[') || value.starts_with('{') || value.find('\n') != std::string::npos || IsQuotedWhole(value);
}

void SetTypedScalar(ConfigNode& node, const std::string& text) {
  const std::string value = Trimmed(text);
  if (value.empty() || value == "~" || value == "null" || value == "Null" || value == "NULL") return;
  node.kind = ConfigNode::Kind::kScalar;
  node.text = IsNumberOrBoolean(value) ? value : ExpandHome(text);
}

std::string ExpandHome(const std::string& text) {
  const size_t slash = text.find('/');
  if (!text.starts_with('~') || slash == std::string::npos) return text;
  const std::string name = text.substr(1, slash - 1);
  const char* home = std::getenv("HOME");
  if (!name.empty()) {
    const passwd* entry = ::getpwnam(name.c_str());
    home = entry == nullptr ? nullptr : entry->pw_dir;
  }
  return home == nullptr || *home == '\0' ? text : home + text.substr(slash);
}

}  // namespace deepmad::base
