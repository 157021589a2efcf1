// Runs on videos that take a second: a small 2-D network on single frames (TSN) or a 3-D one on clips, of four made videos.
#pragma once

#include <string>
#include <vector>

#include "tests/cli/program.h"
#include "tests/temporary_folder.h"

namespace deepmad::cli {

enum class VideoNetwork { kTsn, kClips };

class VideoRun {
 public:
  static constexpr int kSteps = 2, kEpochs = 3;  // updates an epoch, epochs

  explicit VideoRun(VideoNetwork network);

  // The words of `deepmad train` into a run folder.
  std::vector<std::string> Words(const std::string& out, const std::vector<std::string>& overrides = {}) const;
  Outcome Train(const std::string& out, const std::vector<std::string>& overrides = {}) const;
  // Of the data: train/ and val/ with run/a.mp4, run/c.mp4 and the folders of frames sit/b and sit/d.
  std::string DataFile(const std::string& name) const { return folder_.File(name); }
  const TemporaryFolder& folder() const { return folder_; }

 private:
  TemporaryFolder folder_;
  std::string run_file_;
};

}  // namespace deepmad::cli
