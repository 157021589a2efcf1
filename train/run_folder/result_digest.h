// What decides the result of a run, as one number: a folder that holds another result is not continued.
#pragma once

#include <string>

namespace deepmad::train {

// A configuration, as YAML, without what the result does not depend on: where the data lie and how many threads read them.
std::string WithoutPlaces(const std::string& config_yaml);

// Digest of all that decides the result of a run: the resolved configuration WithoutPlaces, and the network.
std::string ResultDigest(const std::string& resolved_config, const std::string& network_yaml);

// Whether two resolved configurations give the same result with the same network: all values agree but for those left out WithoutPlaces,
// for how the network was searched, and for `train.fused_norm`, which chooses between implementations of the same operations. The order of
// keys does not count. A configuration that an earlier version resolved lacks the keys that are new since.
bool GiveSameResult(const std::string& first_config, const std::string& second_config);

}  // namespace deepmad::train
