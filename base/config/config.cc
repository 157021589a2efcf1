#include "base/config/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "base/config/config_node.h"
#include "base/config/config_scalar.h"
#include "base/error.h"
#include "base/nearest.h"

namespace deepmad::base {
namespace {

using Kind = ConfigNode::Kind;

void MarkTreeRead(ConfigNode& node) {
  node.read = true;
  for (const auto& [key, child] : node.children) MarkTreeRead(*child);
}

// The value of `key`, marked as read; null where it is absent.
const ConfigNode* Take(ConfigNode& section, const std::string& key) {
  section.asked.insert(key);
  const std::shared_ptr<ConfigNode> node = section.Find(key);
  if (node == nullptr || !node->given) return nullptr;
  MarkTreeRead(*node);
  return node.get();
}

const ConfigNode& TakeRequired(ConfigNode& section, const std::string& key) {
  const ConfigNode* node = Take(section, key);
  if (node == nullptr) {
    throw UsageError(fmt::format("the key '{}' is missing", DottedName(section.name.get(), key)), section.Where());
  }
  return *node;
}

// A node for a key that is in no file; kept in the tree for Resolved().
ConfigNode& AddAbsent(ConfigNode& section, const std::string& key) {
  std::shared_ptr<ConfigNode> node = section.MakeChild(key);
  node->given = false;
  node->read = true;
  section.children.emplace_back(key, node);
  return *node;
}

template <typename Set>
void RecordDefault(ConfigNode& section, const std::string& key, const Set& set) {
  if (section.Find(key) != nullptr) return;
  ConfigNode& node = AddAbsent(section, key);
  set(node);
  MarkTreeRead(node);
}

void CheckSection(const ConfigNode& node) {
  for (const auto& [key, child] : node.children) {
    if (!child->read) {
      const std::vector<std::string> known(node.asked.begin(), node.asked.end());
      const std::string nearest = NearestName(key, known);
      std::string hint = nearest.empty() ? "" : fmt::format("did you mean '{}'? ", nearest);
      hint += known.empty() ? "no key is used here" : fmt::format("known: {}", fmt::join(known, ", "));
      throw UsageError(fmt::format("unknown key '{}'", DottedName(node.name.get(), key)), child->Where(), hint);
    }
    CheckSection(*child);
  }
}

}  // namespace

Config Config::FromFile(const std::string& path) { return Config(ParseConfigFile(path)); }

Config Config::FromText(const std::string& text, const std::string& name) { return Config(ParseConfigText(text, name)); }

void Config::Override(const std::string& assignment) {
  const size_t equals = assignment.find('=');
  const std::string path = assignment.substr(0, equals);
  const std::string source = fmt::format("override '{}'", assignment);
  if (equals == std::string::npos || path.empty() || path.front() == '.' || path.back() == '.' || path.find("..") != std::string::npos) {
    throw UsageError("not an override", assignment, "write key.sub=value");
  }
  ConfigNode* node = node_.get();
  int depth = 0;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('.', begin), path.size());
    const std::string key = path.substr(begin, end - begin);
    begin = end + 1;
    if (++depth > kMaxConfigDepth) throw UsageError(fmt::format("nested more than {} levels deep", kMaxConfigDepth), source);
    if (node->kind == Kind::kNull) node->kind = Kind::kMap;
    if (node->kind == Kind::kScalar) {
      throw UsageError(fmt::format("'{}' is a single value and has no key '{}'", DottedName(node->name.get(), ""), key), source);
    }
    node->given = true;
    std::shared_ptr<ConfigNode> child = node->Find(key);
    if (child == nullptr && node->kind == Kind::kList) {
      throw UsageError(fmt::format("'{}' has {} entries, and none is '{}'", DottedName(node->name.get(), ""), node->children.size(), key),
                       source, "count from 0");
    }
    if (child == nullptr) {
      child = node->MakeChild(key);
      node->children.emplace_back(key, child);
      child->source = std::make_shared<ConfigSource>(ConfigSource{source, "", false});
    }
    node = child.get();
  }
  ParseConfigValue(assignment.substr(equals + 1), source, depth, *node);
}

bool Config::Has(const std::string& key) const {
  node_->asked.insert(key);
  const std::shared_ptr<ConfigNode> node = node_->Find(key);
  return node != nullptr && node->given;
}

bool Config::IsNull(const std::string& key) const {
  if (!Has(key)) return true;
  ConfigNode& node = *node_->Find(key);
  if (node.kind == Kind::kNull) node.read = true;
  return node.kind == Kind::kNull;
}

bool Config::IsMap(const std::string& key) const { return Has(key) && node_->Find(key)->kind == Kind::kMap; }
bool Config::IsList(const std::string& key) const { return Has(key) && node_->Find(key)->kind == Kind::kList; }
bool Config::IsScalar(const std::string& key) const { return Has(key) && node_->Find(key)->kind == Kind::kScalar; }

Config Config::Section(const std::string& key) const {
  node_->asked.insert(key);
  if (node_->Find(key) == nullptr) AddAbsent(*node_, key).kind = Kind::kMap;
  const std::shared_ptr<ConfigNode> node = node_->Find(key);
  node->read = true;
  if (node->kind == Kind::kMap) return Config(node);
  if (node->kind != Kind::kNull) throw WrongValue(*node, "a mapping");
  // An explicit null stays null in Resolved(): the empty section is a node of its own.
  const std::shared_ptr<ConfigNode> empty = node_->MakeChild(key);
  empty->kind = Kind::kMap;
  empty->line = node->line;
  empty->source = node->source;
  return Config(empty);
}

std::vector<Config> Config::Sections(const std::string& key) const {
  node_->asked.insert(key);
  const std::shared_ptr<ConfigNode> list = node_->Find(key);
  if (list == nullptr) return {};
  list->read = true;
  if (list->kind == Kind::kNull) return {};
  if (list->kind != Kind::kList) throw WrongValue(*list, "a list of mappings");
  std::vector<Config> sections;
  for (const auto& [index, item] : list->children) {
    if (item->kind != Kind::kMap) throw WrongValue(*item, "a mapping");
    item->read = true;
    sections.push_back(Config(item));
  }
  return sections;
}

int64_t Config::GetInt(const std::string& key, int64_t fallback, int64_t min, int64_t max) const {
  if (const ConfigNode* node = Take(*node_, key)) return ToInt(*node, min, max);
  RecordDefault(*node_, key, [&](ConfigNode& node) { SetScalar(node, fallback); });
  return fallback;
}

int64_t Config::GetInt(const std::string& key, int64_t min, int64_t max) const { return ToInt(TakeRequired(*node_, key), min, max); }

double Config::GetDouble(const std::string& key, double fallback, double min, double max) const {
  if (const ConfigNode* node = Take(*node_, key)) return ToDouble(*node, min, max);
  RecordDefault(*node_, key, [&](ConfigNode& node) { SetScalar(node, fallback); });
  return fallback;
}

double Config::GetDouble(const std::string& key, double min, double max) const { return ToDouble(TakeRequired(*node_, key), min, max); }

std::optional<double> Config::GetOptionalDouble(const std::string& key, double min, double max) const {
  const ConfigNode* node = Take(*node_, key);
  if (node == nullptr) RecordDefault(*node_, key, [](ConfigNode&) {});
  if (node == nullptr || node->kind == Kind::kNull) return std::nullopt;
  return ToDouble(*node, min, max);
}

bool Config::GetBool(const std::string& key, bool fallback) const {
  if (const ConfigNode* node = Take(*node_, key)) return ToBool(*node);
  RecordDefault(*node_, key, [&](ConfigNode& node) { SetScalar(node, fallback); });
  return fallback;
}

std::string Config::GetString(const std::string& key, const std::string& fallback) const {
  if (const ConfigNode* node = Take(*node_, key)) return ToString(*node);
  RecordDefault(*node_, key, [&](ConfigNode& node) { SetScalar(node, fallback); });
  return fallback;
}

std::string Config::GetString(const std::string& key) const { return ToString(TakeRequired(*node_, key)); }

std::string Config::GetChoice(const std::string& key, const std::string& fallback, const std::vector<std::string>& choices) const {
  const std::string value = GetString(key, fallback);
  if (std::find(choices.begin(), choices.end(), value) == choices.end()) throw UnknownName(Path(key), value, choices, Where(key));
  return value;
}

std::vector<int64_t> Config::GetInts(const std::string& key, const std::vector<int64_t>& fallback, int64_t min, int64_t max) const {
  if (const ConfigNode* node = Take(*node_, key)) {
    return ToList<int64_t>(*node, [&](const ConfigNode& item) { return ToInt(item, min, max); });
  }
  RecordDefault(*node_, key, [&](ConfigNode& node) { SetList(node, fallback); });
  return fallback;
}

std::vector<double> Config::GetDoubles(const std::string& key, const std::vector<double>& fallback, double min, double max) const {
  if (const ConfigNode* node = Take(*node_, key)) {
    return ToList<double>(*node, [&](const ConfigNode& item) { return ToDouble(item, min, max); });
  }
  RecordDefault(*node_, key, [&](ConfigNode& node) { SetList(node, fallback); });
  return fallback;
}

std::vector<std::string> Config::GetStrings(const std::string& key, const std::vector<std::string>& fallback) const {
  if (const ConfigNode* node = Take(*node_, key)) return ToList<std::string>(*node, ToString);
  RecordDefault(*node_, key, [&](ConfigNode& node) { SetList(node, fallback); });
  return fallback;
}

std::string Config::GetPath(const std::string& key) const {
  TakeRequired(*node_, key);
  ConfigNode& node = *node_->Find(key);
  const std::string located = LocateFile(ToString(node), *node.source);
  // The resolved configuration may be saved in another folder.
  node.resolved = std::filesystem::absolute(located).lexically_normal().string();
  return located;
}

void Config::CheckAllRead() const { CheckSection(*node_); }

void Config::MarkRead(const std::string& key) const {
  node_->asked.insert(key);
  if (const std::shared_ptr<ConfigNode> node = node_->Find(key)) MarkTreeRead(*node);
}

std::string Config::Resolved() const { return WriteConfigTree(*node_); }

std::string Config::Where(const std::string& key) const {
  const std::shared_ptr<ConfigNode> node = key.empty() ? nullptr : node_->Find(key);
  return node != nullptr && node->given ? node->Where() : node_->Where();
}

std::string Config::Path(const std::string& key) const { return DottedName(node_->name.get(), key); }

}  // namespace deepmad::base
