// YAML configuration that tracks what was read.
//
//   Config root = Config::FromFile("run.yaml");
//   root.Override("train.epochs=3");
//   Config train = root.Section("train");
//   const int64_t epochs = train.GetInt("epochs", 18, 1, 10000);
//   root.CheckAllRead();                     // a misspelt key is an error naming file, line and the nearest known key
//   WriteFileAtomically(path, root.Resolved());
//
// A mapping may hold `include: FILE` or a list of files: their keys come first and the mapping's own keys win, deeply. A relative name
// is looked up beside the including file, then in ConfigsFolder(). Cycles, more than 100 levels, duplicate keys, and more than 512 KiB in
// all files together are errors. A Config is a cursor: cheap to copy, all copies share the tree and the record of what was read.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace deepmad::base {

struct ConfigNode;  // the parsed tree, base/config/config_node.h

class Config {
 public:
  // Both throw UsageError with file and line for text that is not YAML or whose root is not a mapping. An absent file is a UsageError.
  static Config FromFile(const std::string& path);
  static Config FromText(const std::string& text, const std::string& name = "<text>");

  // "key.sub=value"; the value is taken as typed ("3", "/data/my set #2"), or as YAML where it is in brackets ("[1, 2]", "{type: conv}"),
  // quoted as a whole or of several lines; nothing, "~" and "null" are null. Creates missing mappings; "stages.0.depth=3" enters lists.
  // A mapping as value replaces the old one as a whole. UsageError when the form is wrong or the path runs through a scalar.
  void Override(const std::string& assignment);

  bool Has(const std::string& key) const;     // present, null included; marks nothing as read
  bool IsNull(const std::string& key) const;  // present and null, or absent; an explicit null counts as read
  bool IsMap(const std::string& key) const;
  bool IsList(const std::string& key) const;
  bool IsScalar(const std::string& key) const;

  // A mapping below this one; an absent or null one gives an empty section (whose getters return their defaults). Resolved() writes the
  // defaults of an absent section, but leaves an explicit null: it means "none" to those who ask IsNull.
  Config Section(const std::string& key) const;
  // A list of mappings; absent or null gives an empty vector.
  std::vector<Config> Sections(const std::string& key) const;

  // Getters with a default never fail on an absent key; those without throw UsageError for it. A wrong type or a value outside
  // [min, max] is a UsageError with file, line, key, value and the range. Integers accept "1e6" and "1_000" forms when exact.
  int64_t GetInt(const std::string& key, int64_t fallback, int64_t min, int64_t max) const;
  int64_t GetInt(const std::string& key, int64_t min, int64_t max) const;
  double GetDouble(const std::string& key, double fallback, double min, double max) const;
  double GetDouble(const std::string& key, double min, double max) const;
  std::optional<double> GetOptionalDouble(const std::string& key, double min, double max) const;  // absent or null: nullopt
  bool GetBool(const std::string& key, bool fallback) const;
  std::string GetString(const std::string& key, const std::string& fallback) const;
  std::string GetString(const std::string& key) const;
  std::string GetChoice(const std::string& key, const std::string& fallback, const std::vector<std::string>& choices) const;
  // Lists of scalars; a lone scalar counts as a list of one.
  std::vector<int64_t> GetInts(const std::string& key, const std::vector<int64_t>& fallback, int64_t min, int64_t max) const;
  std::vector<double> GetDoubles(const std::string& key, const std::vector<double>& fallback, double min, double max) const;
  std::vector<std::string> GetStrings(const std::string& key, const std::vector<std::string>& fallback) const;

  // A relative file name in the file is relative to that file, or to ConfigsFolder(); gives the first that exists, else the former.
  // Resolved() then writes the absolute name.
  std::string GetPath(const std::string& key) const;

  // Throws UsageError for the first key of the tree below this cursor that nobody asked for. Sections never entered count as unread.
  void CheckAllRead() const;
  // Marks the whole tree below `key` as read: for a part handed on as text.
  void MarkRead(const std::string& key) const;

  // The tree below this cursor with includes and overrides applied and the defaults that getters supplied filled in, as YAML.
  std::string Resolved() const;
  // "file:line" of the key, or of the section where the key is absent; "" key: the section itself.
  std::string Where(const std::string& key = "") const;
  // The dotted name of a key from the root: "train.epochs".
  std::string Path(const std::string& key = "") const;

 private:
  explicit Config(std::shared_ptr<ConfigNode> node) : node_(std::move(node)) {}
  std::shared_ptr<ConfigNode> node_;
};

}  // namespace deepmad::base
