// The data section of a prediction by a network that comes without a run.
#pragma once

#include <string>
#include <vector>

#include "base/config/config.h"

namespace deepmad::train {

// The `data` section of `config`. A run's configuration, which states its version, stays as it is. Else each of `defaults`
// ("image_size=224", "clip.frames=16") is set that the section lacks: an override of one key on the command line does not ask for all the
// others.
base::Config DataSection(const base::Config& config, const std::vector<std::string>& defaults);

}  // namespace deepmad::train
