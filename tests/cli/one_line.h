// What an error owes its reader.
#pragma once

#include <string>
#include <vector>

#include "tests/cli/program.h"

namespace deepmad::cli {

// The exit code, and exactly one line on stderr, with every one of the words.
void ExpectOneLine(const Outcome& outcome, int exit_code, const std::vector<std::string>& words);

}  // namespace deepmad::cli
