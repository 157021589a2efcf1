// Facts computed outside this project, in tests/golden/.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/atomic_file.h"
#include "tests/places.h"

namespace deepmad::train {

inline nlohmann::json Golden(const std::string& file) { return nlohmann::json::parse(base::ReadFile(GoldenFolder() + "/" + file)); }

}  // namespace deepmad::train
