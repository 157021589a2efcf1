// Work: what limits a solve in place of time, so that the answer does not depend on the machine, on what else runs there or on the number
// of threads. It is counted in ticks of about half a nanosecond of the core that the weights below were measured on; only the counts matter
// for the answer, the weights make a unit of `solver.work_limit` about a second.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace deepmad::mad {

using Ticks = int64_t;

inline constexpr double kTicksAUnit = 2e9;
inline constexpr Ticks kUnlimitedTicks = std::numeric_limits<Ticks>::max() / 4;  // sums of a few stay numbers

// A structure proposed, checked against the rules and evaluated by a search.
constexpr Ticks StructureTicks(size_t blocks) { return 150 + 60 * static_cast<Ticks>(blocks); }
// A child of the released search with its evaluation.
constexpr Ticks ChildTicks(size_t blocks) { return 150 + 40 * static_cast<Ticks>(blocks); }
// Objective and constraints of the relaxation with their gradients: a pass over the blocks for each group of dual directions.
constexpr Ticks RelaxationTicks(size_t blocks, size_t passes) { return static_cast<Ticks>(blocks * passes) * 15000; }

// Of an evaluation of the upper bound: itself, each row of a table (an output cell and a choice), and each value in a row.
inline constexpr Ticks kBoundTicks = 4000;
inline constexpr Ticks kRowTicks = 100;
inline constexpr Ticks kValueTicks = 12;
// A box of the branch and bound, beside its evaluations.
inline constexpr Ticks kBoxTicks = 8000;

}  // namespace deepmad::mad
