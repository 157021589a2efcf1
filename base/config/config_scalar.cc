#include "base/config/config_scalar.h"

#include <fmt/format.h>

#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace deepmad::base {
namespace {

using Kind = ConfigNode::Kind;

constexpr const char* KindName(Kind kind) {
  switch (kind) {
    case Kind::kNull:
      return "null";
    case Kind::kScalar:
      return "a single value";
    case Kind::kList:
      return "a list";
    case Kind::kMap:
      return "a mapping";
  }
  return "";
}

std::string Shown(const ConfigNode& node) {
  if (node.kind != Kind::kScalar) return KindName(node.kind);
  constexpr size_t kLongest = 80;
  return fmt::format("'{}{}'", node.text.substr(0, kLongest), node.text.size() > kLongest ? "..." : "");
}

// "1_000" -> "1000": an underscore counts as a separator only between two digits.
std::string WithoutSeparators(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool separator = text[i] == '_' && i > 0 && i + 1 < text.size() && std::isdigit(static_cast<unsigned char>(text[i - 1])) != 0 &&
                           std::isdigit(static_cast<unsigned char>(text[i + 1])) != 0;
    if (!separator) out += text[i];
  }
  if (out.size() > 1 && out[0] == '+' && out[1] != '-') out.erase(0, 1);
  return out;
}

// Infinity only in YAML's spelling; from_chars would take "inf" and "nan" too.
std::optional<double> ParseDouble(const std::string& text) {
  const std::string number = WithoutSeparators(text);
  if (number == ".inf") return std::numeric_limits<double>::infinity();
  if (number == "-.inf") return -std::numeric_limits<double>::infinity();
  if (number.empty() || number.find_first_not_of("0123456789+-.eE") != std::string::npos) return std::nullopt;
  double value = 0;
  const auto [end, code] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (code != std::errc() || end != number.data() + number.size()) return std::nullopt;
  return value;
}

std::optional<int64_t> ParseInt(const std::string& text) {
  const std::string number = WithoutSeparators(text);
  int64_t value = 0;
  const auto [end, code] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (code == std::errc() && end == number.data() + number.size() && !number.empty()) return value;
  const std::optional<double> real = ParseDouble(text);  // "1e6"
  constexpr double kExact = 0x1p53;
  if (!real || std::trunc(*real) != *real || std::abs(*real) > kExact) return std::nullopt;
  return static_cast<int64_t>(*real);
}

std::optional<bool> ParseBool(const std::string& text) {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return std::nullopt;
}

}  // namespace

bool IsNumberOrBoolean(const std::string& text) { return ParseDouble(text) || ParseInt(text) || ParseBool(text); }

Error WrongValue(const ConfigNode& node, const std::string& expected) {
  return UsageError(fmt::format("{}: expected {}, got {}", DottedName(node.name.get(), ""), expected, Shown(node)), node.Where());
}

int64_t ToInt(const ConfigNode& node, int64_t min, int64_t max) {
  const std::optional<int64_t> value = node.kind == Kind::kScalar && !node.quoted ? ParseInt(node.text) : std::nullopt;
  if (!value || *value < min || *value > max) {
    const bool bounded = min != std::numeric_limits<int64_t>::min() || max != std::numeric_limits<int64_t>::max();
    throw WrongValue(node, bounded ? fmt::format("an integer in [{}, {}]", min, max) : "an integer");
  }
  return *value;
}

double ToDouble(const ConfigNode& node, double min, double max) {
  const std::optional<double> value = node.kind == Kind::kScalar && !node.quoted ? ParseDouble(node.text) : std::nullopt;
  if (!value || !(*value >= min && *value <= max)) throw WrongValue(node, fmt::format("a number in [{}, {}]", min, max));
  return *value;
}

bool ToBool(const ConfigNode& node) {
  const std::optional<bool> value = node.kind == Kind::kScalar && !node.quoted ? ParseBool(node.text) : std::nullopt;
  if (!value) throw WrongValue(node, "true or false");
  return *value;
}

std::string ToString(const ConfigNode& node) {
  if (node.kind != Kind::kScalar) throw WrongValue(node, "a text");
  return node.text;
}

void SetScalar(ConfigNode& node, const std::string& value) {
  node.kind = Kind::kScalar;
  node.text = value;
  node.quoted = true;
}
void SetScalar(ConfigNode& node, bool value) {
  node.kind = Kind::kScalar;
  node.text = value ? "true" : "false";
}
void SetScalar(ConfigNode& node, int64_t value) {
  node.kind = Kind::kScalar;
  node.text = std::to_string(value);
}
void SetScalar(ConfigNode& node, double value) {
  node.kind = Kind::kScalar;
  node.text = std::isinf(value) ? (value > 0 ? ".inf" : "-.inf") : fmt::format("{}", value);
}

}  // namespace deepmad::base
