#include "base/config/config_difference.h"

#include "base/config/config_node.h"

namespace deepmad::base {
namespace {

using Kind = ConfigNode::Kind;

std::string ValueText(const ConfigNode* node) {
  if (node == nullptr) return "absent";
  switch (node->kind) {
    case Kind::kNull:
      return "null";
    case Kind::kScalar:
      return node->quoted ? "'" + node->text + "'" : node->text;
    case Kind::kList:
      return "a list";
    case Kind::kMap:
      return "a mapping";
  }
  return "";
}

std::optional<ConfigDifference> Compare(const ConfigNode& first, const ConfigNode& second) {
  if (first.kind != second.kind || ValueText(&first) != ValueText(&second)) {
    return ConfigDifference{DottedName(first.name.get(), ""), ValueText(&first), ValueText(&second)};
  }
  for (const auto& [key, child] : first.children) {
    const auto other = second.Find(key);
    if (other == nullptr) return ConfigDifference{DottedName(first.name.get(), key), ValueText(child.get()), ValueText(nullptr)};
    if (auto difference = Compare(*child, *other)) return difference;
  }
  for (const auto& [key, child] : second.children) {
    if (first.Find(key) == nullptr) {
      return ConfigDifference{DottedName(first.name.get(), key), ValueText(nullptr), ValueText(child.get())};
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<ConfigDifference> FirstDifference(const std::string& first_yaml, const std::string& second_yaml) {
  return Compare(*ParseConfigText(first_yaml, "<first>"), *ParseConfigText(second_yaml, "<second>"));
}

}  // namespace deepmad::base
