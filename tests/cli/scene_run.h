// A segmentation run that takes a second: a small network with UPerNet on five pictures of stripes. The data: images/ and annotations/,
// each with training/ and validation/.
#pragma once

#include "tests/cli/made_run.h"

namespace deepmad::cli {

class SceneRun : public MadeRun {
 public:
  static constexpr int kSteps = 6, kEvery = 3;  // updates, and those between two validations

  SceneRun();
};

}  // namespace deepmad::cli
