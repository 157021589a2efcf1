// A detection run that takes a second or two: a small network with FCOS or GFLv2 on pictures of coloured blocks. The data:
// annotations/instances_{train,val}2017.json, train2017/ and val2017/.
#pragma once

#include "tests/cli/made_run.h"

namespace deepmad::cli {

class DetectionRun : public MadeRun {
 public:
  static constexpr int kSteps = 6, kEvery = 3;  // updates, and those between two validations

  DetectionRun();
};

}  // namespace deepmad::cli
