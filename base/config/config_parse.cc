// YAML text -> tree: limits, duplicate keys, includes.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include "base/build_info.h"
#include "base/config/config_node.h"
#include "base/config/config_typed.h"
#include "base/config/config_yaml.h"
#include "base/error.h"
#include "base/text_file.h"

namespace deepmad::base {
namespace {

namespace fs = std::filesystem;

// Far above any real configuration; they stop files made to exhaust memory (aliases multiply, includes repeat).
constexpr size_t kMaxNodes = 200'000;
constexpr size_t kMaxText = size_t{64} << 20;
// Of all files together. yaml-cpp reads 1/4 to 1/2 MB a second of text made of the shortest values, so this takes 2 s at most.
constexpr size_t kMaxBytes = size_t{512} << 10;
constexpr size_t kMaxFiles = 1000;
constexpr const char* kIncludeKey = "include";

class Parser {
 public:
  std::shared_ptr<ConfigNode> File(const std::string& path, const std::shared_ptr<const ConfigName>& name, int depth,
                                   const std::string& included_from);
  std::shared_ptr<ConfigNode> Text(const std::string& text, const std::shared_ptr<const ConfigSource>& source,
                                   const std::shared_ptr<const ConfigName>& name, int depth);

  // `node` has its source, line and name already.
  void Convert(const YAML::Node& yaml, int depth, ConfigNode& node);

 private:
  void ConvertMap(const YAML::Node& yaml, int depth, ConfigNode& node);
  void Include(const YAML::Node& files, int line, int depth, ConfigNode& node);
  void Count(size_t text, const ConfigNode& node);

  std::vector<std::string> open_files_;  // canonical names, the including files first
  size_t nodes_ = 0;
  size_t text_ = 0;
  size_t bytes_ = 0;
  size_t files_ = 0;
};

// `over` wins; mappings are merged, everything else is replaced.
void MergeInto(ConfigNode& base, ConfigNode&& over) {
  std::map<std::string, std::shared_ptr<ConfigNode>*> old_children;
  base.children.reserve(base.children.size() + over.children.size());  // keeps the pointers valid
  for (ConfigNode::Child& child : base.children) old_children[child.first] = &child.second;
  for (ConfigNode::Child& child : over.children) {
    const auto old = old_children.find(child.first);
    if (old == old_children.end()) {
      base.children.push_back(std::move(child));
    } else if ((*old->second)->kind == ConfigNode::Kind::kMap && child.second->kind == ConfigNode::Kind::kMap) {
      MergeInto(**old->second, std::move(*child.second));
    } else {
      *old->second = std::move(child.second);
    }
  }
  base.source = over.source;
  base.line = over.line;
}

std::shared_ptr<ConfigNode> Parser::File(const std::string& path, const std::shared_ptr<const ConfigName>& name, int depth,
                                         const std::string& included_from) {
  std::error_code ignored;
  const std::string canonical = fs::weakly_canonical(path, ignored).string();
  if (const auto open = std::find(open_files_.begin(), open_files_.end(), canonical); open != open_files_.end()) {
    std::vector<std::string> cycle(open, open_files_.end());
    cycle.push_back(canonical);
    throw UsageError(fmt::format("a cycle of includes: {}", fmt::join(cycle, " -> ")), included_from);
  }
  if (open_files_.size() >= kMaxConfigDepth) {
    throw UsageError(fmt::format("includes nested more than {} levels deep", kMaxConfigDepth), included_from);
  }
  std::string text;
  try {
    text = ReadTextFile(path, kMaxBytes);
  } catch (const Error& error) {
    throw UsageError(error.what(), included_from);
  }
  if (++files_ > kMaxFiles) throw UsageError(fmt::format("more than {} files are included", kMaxFiles), included_from);
  const auto source = std::make_shared<ConfigSource>(ConfigSource{path, fs::path(path).parent_path().string(), true});
  open_files_.push_back(canonical);
  std::shared_ptr<ConfigNode> node = Text(text, source, name, depth);
  open_files_.pop_back();
  return node;
}

std::shared_ptr<ConfigNode> Parser::Text(const std::string& text, const std::shared_ptr<const ConfigSource>& source,
                                         const std::shared_ptr<const ConfigName>& name, int depth) {
  auto node = std::make_shared<ConfigNode>();
  node->source = source;
  node->name = name;
  node->line = 1;
  bytes_ += text.size();
  if (bytes_ > kMaxBytes) throw UsageError(fmt::format("the configuration and its includes exceed {} KiB", kMaxBytes >> 10), node->Where());
  const std::optional<YAML::Node> yaml = ReadYaml(text, *source);
  if (!yaml || !yaml->IsMap()) throw UsageError("expected a mapping of keys to values", node->Where());
  Convert(*yaml, depth, *node);
  return node;
}

void Parser::Count(size_t text, const ConfigNode& node) {
  text_ += text;
  if (++nodes_ > kMaxNodes || text_ > kMaxText) {
    throw UsageError(fmt::format("the configuration has more than {} values or {} MiB of text", kMaxNodes, kMaxText >> 20), node.Where());
  }
}

void Parser::Convert(const YAML::Node& yaml, int depth, ConfigNode& node) {
  if (depth > kMaxConfigDepth) throw UsageError(fmt::format("nested more than {} levels deep", kMaxConfigDepth), node.Where());
  Count(yaml.IsScalar() ? yaml.Scalar().size() : 0, node);
  if (yaml.IsMap()) {
    ConvertMap(yaml, depth, node);
  } else if (yaml.IsSequence()) {
    node.kind = ConfigNode::Kind::kList;
    size_t index = 0;
    for (const YAML::Node& item : yaml) {
      const std::string key = std::to_string(index++);
      std::shared_ptr<ConfigNode> child = node.MakeChild(key);
      child->line = LineOf(item.Mark(), node.line);
      Convert(item, depth + 1, *child);
      node.children.emplace_back(key, std::move(child));
    }
  } else if (yaml.IsScalar()) {
    node.kind = ConfigNode::Kind::kScalar;
    node.text = yaml.Scalar();
    node.quoted = yaml.Tag() == "!" || yaml.Tag() == "tag:yaml.org,2002:str";
    if (!node.quoted) node.text = ExpandHome(node.text);
  }
}

void Parser::ConvertMap(const YAML::Node& yaml, int depth, ConfigNode& node) {
  node.kind = ConfigNode::Kind::kMap;
  YAML::Node include;
  int include_line = 0;
  std::set<std::string> seen;
  for (const auto& entry : yaml) {
    const int line = LineOf(entry.first.Mark(), node.line);
    const std::string where = node.source->At(line);
    if (!entry.first.IsScalar()) throw UsageError("a key must be plain text", where);
    const std::string& key = entry.first.Scalar();
    Count(key.size(), node);
    if (!seen.insert(key).second) throw UsageError(fmt::format("duplicate key '{}'", DottedName(node.name.get(), key)), where);
    if (key == kIncludeKey) {
      include.reset(entry.second);
      include_line = line;
      continue;
    }
    std::shared_ptr<ConfigNode> child = node.MakeChild(key);
    child->line = line;
    Convert(entry.second, depth + 1, *child);
    node.children.emplace_back(key, std::move(child));
  }
  if (include_line > 0) Include(include, include_line, depth, node);
}

void Parser::Include(const YAML::Node& files, int line, int depth, ConfigNode& node) {
  const std::string where = node.source->At(line);
  std::vector<std::string> names;
  if (files.IsScalar()) {
    names.push_back(files.Scalar());
  } else if (files.IsSequence()) {
    for (const YAML::Node& file : files) names.push_back(file.IsScalar() ? file.Scalar() : "");
  }
  if (names.empty() || std::find(names.begin(), names.end(), "") != names.end()) {
    throw UsageError("include: expected a file name or a list of file names", where);
  }
  ConfigNode merged;
  merged.kind = ConfigNode::Kind::kMap;
  merged.name = node.name;
  for (const std::string& name : names) {
    Count(name.size(), node);
    MergeInto(merged, std::move(*File(LocateFile(name, *node.source), node.name, depth, where)));
  }
  MergeInto(merged, std::move(node));
  node = std::move(merged);
}

}  // namespace

std::string LocateFile(const std::string& file, const ConfigSource& source) {
  const std::string beside = (fs::path(source.folder) / file).string();
  std::error_code ignored;
  if (fs::path(file).is_absolute() || fs::exists(beside, ignored)) return beside;
  try {
    const fs::path in_configs = fs::path(ConfigsFolder()) / file;
    if (fs::exists(in_configs, ignored)) return in_configs.string();
  } catch (const Error&) {
    // Without a folder of configurations only the first place is left.
  }
  return beside;
}

std::shared_ptr<ConfigNode> ParseConfigFile(const std::string& path) { return Parser().File(path, nullptr, 0, ""); }

std::shared_ptr<ConfigNode> ParseConfigText(const std::string& text, const std::string& source_name) {
  return Parser().Text(text, std::make_shared<ConfigSource>(ConfigSource{source_name, "", true}), nullptr, 0);
}

void ParseConfigValue(const std::string& text, const std::string& source_name, int depth, ConfigNode& target) {
  const auto source = std::make_shared<ConfigSource>(ConfigSource{source_name, "", false});
  ConfigNode parsed;
  parsed.source = source;
  parsed.name = target.name;
  if (!IsTypedYaml(text)) {
    SetTypedScalar(parsed, text);
  } else if (const std::optional<YAML::Node> yaml = ReadYaml(text, *source)) {
    Parser().Convert(*yaml, depth, parsed);
  }
  target = std::move(parsed);
}

}  // namespace deepmad::base
