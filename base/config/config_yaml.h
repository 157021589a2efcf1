// The one place where yaml-cpp reads text; it stands between hostile text and yaml-cpp's weak spots. Private to config*.cc.
#pragma once

#include <yaml-cpp/yaml.h>

#include <optional>
#include <string>

#include "base/config/config_node.h"

namespace deepmad::base {

// The only document of a text; none where it holds nothing. Throws UsageError with file and line for text that is not YAML in UTF-8, is
// nested too deeply or holds more than one document.
std::optional<YAML::Node> ReadYaml(const std::string& text, const ConfigSource& source);

// From 1; `fallback` where yaml-cpp knows none.
int LineOf(const YAML::Mark& mark, int fallback);

}  // namespace deepmad::base
