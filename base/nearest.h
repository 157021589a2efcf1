// Spelling help for names a person typed: keys, block types, commands.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace deepmad::base {

// The candidate with the smallest edit distance (insert, delete, substitute, swap of neighbours, each 1) to `name`, or "" when none is
// within max(2, name.size() / 3).
std::string NearestName(const std::string& name, const std::vector<std::string>& candidates);

// UsageError "unknown KIND 'NAME'" with the hint "did you mean 'X'? known: ...".
Error UnknownName(const std::string& kind, const std::string& name, const std::vector<std::string>& known, const std::string& where);

}  // namespace deepmad::base
