// A run that takes a second or two and has everything in it that a resume must bring back: averaged weights, mixup, bfloat16, momentum,
// checkpoints within and after epochs.
#pragma once

#include <string>
#include <vector>

#include "tests/cli/program.h"
#include "tests/temporary_folder.h"

namespace deepmad::cli {

// The run file and its network in a folder of their own.
class SmallRun {
 public:
  static constexpr int kSteps = 6, kEpochs = 3;  // updates an epoch, epochs
  static constexpr int kSaveEvery = 3;           // updates

  SmallRun();

  // The words of `deepmad train` into a run folder.
  std::vector<std::string> Words(const std::string& out, const std::vector<std::string>& overrides = {}) const;
  Outcome Train(const std::string& out, const std::vector<std::string>& overrides = {},
                const std::vector<std::string>& environment = {}) const;

  const std::string& run_file() const { return run_file_; }
  const std::string& network_file() const { return network_file_; }

 private:
  TemporaryFolder folder_;
  std::string network_file_;
  std::string run_file_;
};

// The number of the environment variable, or the fallback: how long a test may search for trouble.
int Effort(const char* variable, int fallback);

}  // namespace deepmad::cli
