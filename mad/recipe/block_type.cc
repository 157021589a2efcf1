#include "mad/recipe/block_type.h"

#include <map>
#include <utility>
#include <vector>

#include "base/nearest.h"

namespace deepmad::base {
template <>
const char* mad::BlockRegistry::kind() {
  return "block type";
}
}  // namespace deepmad::base

namespace deepmad::mad {
namespace {

constexpr std::pair<ShortcutRule, const char*> kShortcutRules[] = {{ShortcutRule::kNone, "none"},
                                                                   {ShortcutRule::kIdentity, "identity"},
                                                                   {ShortcutRule::kProject, "project"},
                                                                   {ShortcutRule::kProjectFirst, "project_first"},
                                                                   {ShortcutRule::kProjectUnstrided, "project_unstrided"}};

}  // namespace

const char* ShortcutRuleName(ShortcutRule rule) {
  for (const auto& [known, name] : kShortcutRules) {
    if (known == rule) return name;
  }
  throw std::logic_error("shortcut rule without a name");
}

ShortcutRule ShortcutRuleFromName(const std::string& name, const std::string& where) {
  std::vector<std::string> names;
  for (const auto& [rule, known] : kShortcutRules) {
    if (name == known) return rule;
    names.push_back(known);
  }
  throw base::UnknownName("shortcut", name, names, where);
}

const BlockType& FindBlockType(const std::string& name, const std::string& where) {
  static const std::map<std::string, BlockType> types = [] {
    std::map<std::string, BlockType> all;
    for (const std::string& known : BlockRegistry::Get().Names()) all.emplace(known, BlockRegistry::Get().Create(known));
    return all;
  }();
  BlockRegistry::Get().Find(name, where);
  return types.at(name);
}

}  // namespace deepmad::mad
