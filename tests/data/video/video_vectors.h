// Facts about frames and crops that were computed outside this project.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/atomic_file.h"
#include "tests/places.h"

namespace deepmad::data {

// The cases of both files under one name: the specification's, and those of make_video_reference.py.
inline nlohmann::json VideoVectors(const std::string& name) {
  nlohmann::json cases = nlohmann::json::array();
  for (const char* file : {"/video.json", "/video_reference.json"}) {
    const nlohmann::json all = nlohmann::json::parse(base::ReadFile(GoldenFolder() + file));
    if (all.contains(name)) cases.insert(cases.end(), all[name].begin(), all[name].end());
  }
  return cases;
}

}  // namespace deepmad::data
