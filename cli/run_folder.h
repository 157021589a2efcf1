// Commands that take either a run folder or a file.
#pragma once

#include <string>
#include <vector>

#include "base/config/config.h"
#include "mad/network/network_spec.h"

namespace deepmad::cli {

bool IsRunFolder(const std::string& path);

// The resolved configuration and the network of a run folder; FailedError where one is missing.
std::string RunConfigFile(const std::string& folder);
std::string RunNetworkFile(const std::string& folder);
mad::NetworkSpec RunNetwork(const std::string& folder);

struct NetworkAndConfig {
  mad::NetworkSpec network;
  base::Config config;  // of the run, with overrides applied; nothing but those for a network file
};
// A run folder, or a network file alone.
NetworkAndConfig OpenRunOrNetwork(const std::string& source, const std::vector<std::string>& overrides);

}  // namespace deepmad::cli
