// The interpolation filters that the protocols name.
#pragma once

#include <string>
#include <vector>

namespace deepmad::data {

enum class Interpolation { kBilinear, kBicubic };

inline const std::vector<std::string>& InterpolationNames() {
  static const std::vector<std::string> names = {"bilinear", "bicubic"};  // in the order of the enumeration
  return names;
}

inline const std::string& InterpolationName(Interpolation interpolation) {
  return InterpolationNames()[static_cast<size_t>(interpolation)];
}

inline Interpolation InterpolationFromName(const std::string& name) {
  return name == "bilinear" ? Interpolation::kBilinear : Interpolation::kBicubic;
}

}  // namespace deepmad::data
