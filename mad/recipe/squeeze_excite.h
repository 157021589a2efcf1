// The inner width of squeeze-excite layers.
#pragma once

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "mad/recipe/block_type.h"

namespace deepmad::mad {

// max(1, floor(round(ratio * channels) / 8)) * 8, rounded half to even, as released.
inline double SqueezeExciteHidden(double channels, double ratio) {
  return 8 * std::max(1.0, std::floor(std::nearbyint(ratio * channels) / 8));
}

// What a recipe writes: a symbol of its own in a formula, ratio * channels where widths are real numbers.
template <typename T>
T SqueezeExciteHidden(const T& channels, const UnitForm& form) {
  if constexpr (std::is_same_v<T, Form>) return Form::Of(kHiddenSymbol);
  if (form.relaxed) return T(form.se_ratio) * channels;
  if constexpr (std::is_same_v<T, double>) return SqueezeExciteHidden(channels, form.se_ratio);
  throw std::logic_error("rounded widths have no derivatives");
}

}  // namespace deepmad::mad
