// The point of a polyhedron nearest to a given one, in a handful of dimensions.
#pragma once

#include <vector>

namespace deepmad::mad {

// normal . x <= limit
struct HalfSpace {
  std::vector<double> normal;
  double limit = 0;
};

// Dual active-set method (Goldfarb and Idnani 1983) for the projection of `from` onto the intersection of the half-spaces and x >= 0.
// False, with x anywhere, where the intersection is empty to rounding.
bool Project(const std::vector<HalfSpace>& half_spaces, const std::vector<double>& from, std::vector<double>& x);

}  // namespace deepmad::mad
