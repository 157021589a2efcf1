// Small JSON documents out: reports, summaries, --json.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace deepmad::base {

// Keys keep the order in which they were added.
using Json = nlohmann::ordered_json;

// Two-space indent and a final newline. Throws FailedError for a non-finite number: JSON has none, and null would hide it.
std::string JsonText(const Json& document);
// One line without a newline, for log.jsonl and --json.
std::string JsonLine(const Json& document);

}  // namespace deepmad::base
