// What decides the result of a run, as one number: a folder that holds another result is not continued.
#pragma once

#include <string>

namespace deepmad::train {

// A configuration, as YAML, without what the result does not depend on: where the data lie and how many threads read them.
std::string WithoutPlaces(const std::string& config_yaml);

// Digest of all that decides the result of a run: the resolved configuration WithoutPlaces, and the network.
std::string ResultDigest(const std::string& resolved_config, const std::string& network_yaml);

}  // namespace deepmad::train
