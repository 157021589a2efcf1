// Images written as JSON lists of rows of pixels.
#pragma once

#include <nlohmann/json.hpp>

#include "data/image/image.h"

namespace deepmad::data {

inline Image ImageFromJson(const nlohmann::json& rows) {
  Image image(static_cast<int>(rows.size()), static_cast<int>(rows[0].size()), 3);
  size_t i = 0;
  for (const auto& row : rows) {
    for (const auto& pixel : row) {
      for (const auto& value : pixel) image.pixels[i++] = value.get<uint8_t>();
    }
  }
  return image;
}

}  // namespace deepmad::data
