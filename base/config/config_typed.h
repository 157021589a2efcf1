// Values as people type them on a command line: what is typed is the value, except for what can only be meant as YAML. Private to
// config*.cc.
#pragma once

#include <string>

#include "base/config/config_node.h"

namespace deepmad::base {

// True for lists and mappings in brackets, for a text that is quoted as a whole, and for several lines. All else is the value itself: in
// "/data/my set #2", "it's: new" or "*.jpg", YAML would see a comment, a mapping or an alias.
bool IsTypedYaml(const std::string& text);

// Makes `node` the typed text, or null for an empty one, "~" and "null". Blanks around a number or a boolean are no part of it.
void SetTypedScalar(ConfigNode& node, const std::string& text);

// "~/x" and "~name/x" with the home folder in place of the first part: shells leave it in "data.root=~/x". Other texts, and those with an
// unknown name or without a home folder, stay as they are.
std::string ExpandHome(const std::string& text);

}  // namespace deepmad::base
