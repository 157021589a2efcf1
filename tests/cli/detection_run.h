// A detection run that takes a second or two: a small network with FCOS or GFLv2 on pictures of coloured blocks.
#pragma once

#include <string>
#include <vector>

#include "tests/cli/program.h"
#include "tests/temporary_folder.h"

namespace deepmad::cli {

class DetectionRun {
 public:
  static constexpr int kSteps = 6, kEvery = 3;  // updates, and those between two validations

  DetectionRun();

  // The words of `deepmad train` into a run folder.
  std::vector<std::string> Words(const std::string& out, const std::vector<std::string>& overrides = {}) const;
  Outcome Train(const std::string& out, const std::vector<std::string>& overrides = {}) const;
  // Of the data: annotations/instances_{train,val}2017.json, train2017/ and val2017/.
  std::string DataFile(const std::string& name) const { return folder_.File(name); }

 private:
  TemporaryFolder folder_;
  std::string run_file_;
};

}  // namespace deepmad::cli
