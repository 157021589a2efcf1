// Facts about frames and crops that were computed outside this project.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/atomic_file.h"
#include "tests/places.h"

namespace deepmad::data {

// The cases of both golden files under one name: video.json (docs/protocols/video.md, sections 2 and 3) and video_reference.json, which
// make_video_reference.py writes.
inline nlohmann::json VideoVectors(const std::string& name) {
  nlohmann::json cases = nlohmann::json::array();
  for (const char* file : {"/video.json", "/video_reference.json"}) {
    const nlohmann::json all = nlohmann::json::parse(base::ReadFile(GoldenFolder() + file));
    if (all.contains(name)) cases.insert(cases.end(), all[name].begin(), all[name].end());
  }
  return cases;
}

}  // namespace deepmad::data
