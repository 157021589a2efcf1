// Commands that take either a run folder or a file.
#pragma once

#include <string>

#include "base/config.h"
#include "mad/network_spec.h"

namespace deepmad::cli {

bool IsRunFolder(const std::string& path);

// The resolved configuration and the network of a run folder; FailedError where one is missing.
std::string RunConfigFile(const std::string& folder);
std::string RunNetworkFile(const std::string& folder);
mad::NetworkSpec RunNetwork(const std::string& folder);

}  // namespace deepmad::cli
