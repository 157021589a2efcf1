// The tree behind Config: what the YAML said, where, and who asked for it. Private to config*.cc.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace deepmad::base {

// Where a node was written.
struct ConfigSource {
  std::string name;    // shown in messages: the file name, or "override 'a.b=1'"
  std::string folder;  // relative file names in it are relative to this; "" is the working directory
  bool has_lines = true;

  std::string At(int line) const;  // "file:line"
};

// A node's dotted name as a linked list, shared by all nodes below: whole names in every node could fill the memory.
struct ConfigName {
  std::shared_ptr<const ConfigName> parent;  // null at the root
  std::string key;
};

struct ConfigNode {
  enum class Kind { kNull, kScalar, kList, kMap };
  using Child = std::pair<std::string, std::shared_ptr<ConfigNode>>;

  Kind kind = Kind::kNull;
  std::string text;             // of a scalar
  bool quoted = false;          // a scalar that is a string whatever it looks like
  std::string resolved;         // what Resolved() writes in place of `text`, unless empty: a file name made absolute
  std::vector<Child> children;  // of a mapping, in the file's order; of a list, with the keys "0", "1", ...

  std::shared_ptr<const ConfigSource> source;
  int line = 0;  // from 1; 0 where there is none
  std::shared_ptr<const ConfigName> name;

  bool given = true;            // false: not in any file, made for a default or for a section that is absent
  bool read = false;            // a getter took the value, or a cursor entered the section
  std::set<std::string> asked;  // keys of this mapping that the program knows

  std::shared_ptr<ConfigNode> Find(const std::string& key) const;       // null where absent
  std::string Where() const;                                            // "file:line"
  std::shared_ptr<ConfigNode> MakeChild(const std::string& key) const;  // null, not yet in `children`
};

std::string DottedName(const ConfigName* name, const std::string& key);

constexpr int kMaxConfigDepth = 100;

// Parsing, with includes resolved. All throw UsageError with file and line.
std::shared_ptr<ConfigNode> ParseConfigFile(const std::string& path);
std::shared_ptr<ConfigNode> ParseConfigText(const std::string& text, const std::string& source_name);
// The value of an override becomes the content of `target`, `depth` levels below the root.
void ParseConfigValue(const std::string& text, const std::string& source_name, int depth, ConfigNode& target);

// The first of: beside the source, in ConfigsFolder(). The former where neither exists.
std::string LocateFile(const std::string& file, const ConfigSource& source);

// The tree as YAML that parses to the same values.
std::string WriteConfigTree(const ConfigNode& root);

}  // namespace deepmad::base
