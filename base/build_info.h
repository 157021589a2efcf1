// What this binary was built from; stamped by the build.
#pragma once

#include <string>

namespace deepmad::base {

std::string Version();      // "0.1.0"
std::string GitRevision();  // short hash, with "-dirty" when the tree had changes; "unknown" outside a checkout

// The folder that holds configs/: DEEPMAD_CONFIGS if set, else ../share/deepmad/configs beside the running binary (an installed
// tree), else the source tree it was built from. Throws FailedError when none exists.
std::string ConfigsFolder();

}  // namespace deepmad::base
