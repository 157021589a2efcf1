// The real binary in a process of its own.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "tests/places.h"

namespace deepmad::cli {

struct Outcome {
  int exit_code = -1;  // 128 + signal where one ended it
  std::string out;
  std::string err;
};

// A started `deepmad` with stdout and stderr in files of a folder of its own. Wait() must be called once.
class Program {
 public:
  // `environment`: "NAME=value", besides that of the test.
  explicit Program(const std::vector<std::string>& arguments, const std::vector<std::string>& environment = {},
                   const std::string& program = ProgramFile());
  Outcome Wait();
  void Signal(int signal) const;
  bool Running() const;
  pid_t pid() const { return pid_; }

 private:
  std::string folder_;
  pid_t pid_;
};

Outcome Deepmad(const std::vector<std::string>& arguments, const std::vector<std::string>& environment = {});

// The last line of a text, without its newline: where an error stands behind progress lines.
std::string LastLine(const std::string& text);

}  // namespace deepmad::cli
