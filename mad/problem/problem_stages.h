// Reads stem, stages and tail of a design problem from YAML (docs/formats.md).
#pragma once

#include "base/config/config.h"
#include "mad/problem/problem.h"

namespace deepmad::mad {

// Throws UsageError for a value out of range, an unknown type, a range without a multiple, or a key that the type does not have.
BlockVariables StemFromConfig(const base::Config& config, int channel_multiple);
BlockVariables StageFromConfig(const base::Config& config, int channel_multiple);
BlockVariables TailFromConfig(const base::Config& config);

}  // namespace deepmad::mad
