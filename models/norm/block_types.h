// The types of elements and the lengths of vectors that the blocks of block_body.h are made for.
#pragma once

#include <c10/core/ScalarType.h>

namespace deepmad::models {

// Elements that fill what a thread loads at once. float64 is for comparisons alone and always goes one by one.
inline int WidestVector(at::ScalarType type) { return type == at::kDouble ? 1 : type == at::kFloat ? 4 : 8; }

// run.operator()<T, vector>(), for a vector of 1 or WidestVector.
template <typename Run>
auto ByTypeAndVector(at::ScalarType type, int vector, const Run& run) {
  if (type == at::kDouble) return run.template operator()<double, 1>();
  if (type == at::kFloat) return vector == 1 ? run.template operator()<float, 1>() : run.template operator()<float, 4>();
  if (type == at::kHalf) return vector == 1 ? run.template operator()<c10::Half, 1>() : run.template operator()<c10::Half, 8>();
  return vector == 1 ? run.template operator()<c10::BFloat16, 1>() : run.template operator()<c10::BFloat16, 8>();
}

}  // namespace deepmad::models
