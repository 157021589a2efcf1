// A run that takes a second or two on data made for it; what it is a run of, its subclasses say.
#pragma once

#include <string>
#include <vector>

#include "tests/cli/program.h"
#include "tests/temporary_folder.h"

namespace deepmad::cli {

class MadeRun {
 public:
  // The words of `deepmad train` into a run folder.
  std::vector<std::string> Words(const std::string& out, const std::vector<std::string>& overrides = {}) const;
  Outcome Train(const std::string& out, const std::vector<std::string>& overrides = {}) const { return Deepmad(Words(out, overrides)); }
  // Of the data, whose root the folder is.
  std::string DataFile(const std::string& name) const { return folder_.File(name); }
  const TemporaryFolder& folder() const { return folder_; }

 protected:
  explicit MadeRun(const std::string& yaml) { folder_.Write("run.yaml", yaml); }

 private:
  TemporaryFolder folder_;
};

}  // namespace deepmad::cli
