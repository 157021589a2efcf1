// Where two configurations part: for a message that says more than "they differ".
#pragma once

#include <optional>
#include <string>

namespace deepmad::base {

struct ConfigDifference {
  std::string key;            // "train.batch_size", "stages.0.depth"
  std::string first, second;  // the two values: a scalar's text, "null", "absent", "a list", "a mapping"
};

// The first key of the first text, then of the second one, whose values differ; nullopt where there is none. The order of a mapping's keys
// does not count; a scalar's text does: 1e-1 is not 0.1. UsageError for a text that is no configuration.
std::optional<ConfigDifference> FirstDifference(const std::string& first_yaml, const std::string& second_yaml);

}  // namespace deepmad::base
