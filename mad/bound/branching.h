// Which variable of a box to split, and where.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "mad/bound/box.h"
#include "mad/bound/entropy_windows.h"
#include "mad/bound/lagrangian.h"
#include "mad/problem/block_polynomials.h"

namespace deepmad::mad {

// The two halves of the box, split where its bound loses most: wide depth ranges first, then the variable that differs most between the
// maximisers near the bound, or the width whose products are bounded worst. `windows` are those of the box. Requires a box of several
// structures.
std::pair<Box, Box> Split(const DesignProblem& problem, const ProblemForms& forms, const EntropyWindows& windows, const Box& box,
                          const std::vector<Maximiser>& maximisers, double objective);

}  // namespace deepmad::mad
