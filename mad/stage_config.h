// Stem, stages and tail of a design problem from its YAML form (docs/formats.md).
#pragma once

#include "base/config.h"
#include "mad/problem.h"

namespace deepmad::mad {

// UsageError for anything out of range, an unknown type, a range that holds no multiple, or a key that means nothing to the type.
StemVariables StemFromConfig(const base::Config& config, int channel_multiple);
StageVariables StageFromConfig(const base::Config& config, int channel_multiple);
BlockSpec TailFromConfig(const base::Config& config);

}  // namespace deepmad::mad
