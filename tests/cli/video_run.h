// Runs on videos that take a second: a small 2-D network on single frames (TSN) or a 3-D one on clips, of four made videos. The data:
// train/ and val/ with run/a.mp4, run/c.mp4 and the folders of frames sit/b and sit/d.
#pragma once

#include "tests/cli/made_run.h"

namespace deepmad::cli {

enum class VideoNetwork { kTsn, kClips };

class VideoRun : public MadeRun {
 public:
  static constexpr int kSteps = 2, kEpochs = 3;  // updates an epoch, epochs

  explicit VideoRun(VideoNetwork network);
};

}  // namespace deepmad::cli
