// What the optimizers of Adam's family read from their section.
#pragma once

#include "base/config/config.h"
#include "train/optimizers/optimizer.h"

namespace deepmad::train {

struct AdamSettings {
  GroupRules groups = {0.01};
  double beta1 = 0.9;  // of the first moment
  double beta2 = 0.999;
  double epsilon = 1e-8;
};

// Keys of ReadGroupRules, betas and epsilon; UsageError.
AdamSettings ReadAdamSettings(const base::Config& config, AdamSettings defaults = {});

}  // namespace deepmad::train
