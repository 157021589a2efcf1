#include "base/config/config_node.h"

#include <algorithm>

namespace deepmad::base {

std::shared_ptr<ConfigNode> ConfigNode::Find(const std::string& key) const {
  const auto it = std::find_if(children.begin(), children.end(), [&](const Child& child) { return child.first == key; });
  return it == children.end() ? nullptr : it->second;
}

std::string ConfigNode::Where() const { return source->At(line); }

std::shared_ptr<ConfigNode> ConfigNode::MakeChild(const std::string& key) const {
  auto child = std::make_shared<ConfigNode>();
  child->source = source;
  child->line = line;
  child->name = std::make_shared<ConfigName>(ConfigName{name, key});
  return child;
}

std::string ConfigSource::At(int line) const { return has_lines && line > 0 ? name + ":" + std::to_string(line) : name; }

std::string DottedName(const ConfigName* name, const std::string& key) {
  std::string dotted = key;
  for (; name != nullptr; name = name->parent.get()) dotted = name->key + (dotted.empty() ? "" : "." + dotted);
  return dotted;
}

}  // namespace deepmad::base
