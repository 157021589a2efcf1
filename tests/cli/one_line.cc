#include "tests/cli/one_line.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace deepmad::cli {

void ExpectOneLine(const Outcome& outcome, int exit_code, const std::vector<std::string>& words) {
  EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  for (const std::string& word : words) EXPECT_NE(outcome.err.find(word), std::string::npos) << "'" << word << "' in " << outcome.err;
}

}  // namespace deepmad::cli
