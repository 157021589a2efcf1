// A segmentation run that takes a second: a small network with UPerNet on five pictures of stripes.
#pragma once

#include <string>
#include <vector>

#include "tests/cli/program.h"
#include "tests/temporary_folder.h"

namespace deepmad::cli {

class SceneRun {
 public:
  static constexpr int kSteps = 6, kEvery = 3;  // updates, and those between two validations

  SceneRun();

  // The words of `deepmad train` into a run folder.
  std::vector<std::string> Words(const std::string& out, const std::vector<std::string>& overrides = {}) const;
  Outcome Train(const std::string& out, const std::vector<std::string>& overrides = {}) const;
  // Of the data: images/ and annotations/, each with training/ and validation/.
  std::string DataFile(const std::string& name) const { return folder_.File(name); }

 private:
  TemporaryFolder folder_;
  std::string run_file_;
};

}  // namespace deepmad::cli
