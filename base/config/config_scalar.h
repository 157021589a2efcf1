// The values a scalar node can hold, and back. Private to config*.cc.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/config/config_node.h"
#include "base/error.h"

namespace deepmad::base {

// UsageError "train.epochs: expected ..., got ...", with file and line.
Error WrongValue(const ConfigNode& node, const std::string& expected);

// Each throws WrongValue. NaN is in no range.
int64_t ToInt(const ConfigNode& node, int64_t min, int64_t max);
double ToDouble(const ConfigNode& node, double min, double max);
bool ToBool(const ConfigNode& node);
std::string ToString(const ConfigNode& node);

bool IsNumberOrBoolean(const std::string& text);

// A lone scalar counts as a list of one.
template <typename T, typename Convert>
std::vector<T> ToList(const ConfigNode& node, const Convert& convert) {
  if (node.kind == ConfigNode::Kind::kScalar) return {convert(node)};
  if (node.kind != ConfigNode::Kind::kList) throw WrongValue(node, "a list");
  std::vector<T> values;
  for (const auto& [key, item] : node.children) values.push_back(convert(*item));
  return values;
}

void SetScalar(ConfigNode& node, const std::string& value);
void SetScalar(ConfigNode& node, bool value);
void SetScalar(ConfigNode& node, int64_t value);
void SetScalar(ConfigNode& node, double value);

template <typename T>
void SetList(ConfigNode& node, const std::vector<T>& values) {
  node.kind = ConfigNode::Kind::kList;
  for (size_t i = 0; i < values.size(); ++i) {
    const std::string key = std::to_string(i);
    std::shared_ptr<ConfigNode> item = node.MakeChild(key);
    SetScalar(*item, values[i]);
    node.children.emplace_back(key, std::move(item));
  }
}

}  // namespace deepmad::base
