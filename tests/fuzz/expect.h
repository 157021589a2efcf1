// What every fuzzer holds the program to: an error of the right kind on one line, or a right result.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/error.h"

namespace deepmad::fuzz {

// Ends the process, which libFuzzer takes for a crash and keeps the input.
inline void Expect(bool holds, const std::string& what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what.c_str());
  std::abort();
}

// Any other exception escapes and is a finding.
template <typename Action>
void MayFail(base::ErrorKind kind, const Action& action) {
  try {
    action();
  } catch (const base::Error& error) {
    const std::string line = error.what();
    Expect(error.kind() == kind, "the kind of the error: " + line);
    Expect(!line.empty() && line.find('\n') == std::string::npos, "one line: " + line);
    Expect(line.size() < 40000, "a short line: " + line);
  }
}

}  // namespace deepmad::fuzz
