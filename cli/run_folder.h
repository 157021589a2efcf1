// Commands that take either a run folder or a file.
#pragma once

#include <string>

#include "base/config.h"
#include "mad/network_spec.h"

namespace deepmad::cli {

bool IsRunFolder(const std::string& path);

// The resolved configuration and the network of a run folder; FailedError where one is missing.
std::string RunConfigFile(const std::string& folder);
mad::NetworkSpec RunNetwork(const std::string& folder);

// The weights to use: those of --weights, or else file `own` of the run folder `source`. UsageError where there are none.
std::string WeightsFile(const std::string& given, const std::string& source, const std::string& own);

}  // namespace deepmad::cli
