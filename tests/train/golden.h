// Facts computed outside this project, in tests/golden/.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "base/atomic_file.h"
#include "base/build_info.h"

namespace deepmad::train {

inline nlohmann::json Golden(const std::string& file) {
  const auto folder = std::filesystem::path(base::ConfigsFolder()).parent_path() / "tests" / "golden";
  return nlohmann::json::parse(base::ReadFile((folder / file).string()));
}

}  // namespace deepmad::train
