// When a budget is kept: the one answer that the final check, the searches, the relaxation and the upper bound share.
//
// They add a structure's numbers up in different orders, so they agree to rounding only. Without room for it a structure that uses a budget
// up to the last digit is within it for one of them and over it for another; it would be lost, and a proof that nothing better exists with
// it. The room is far above rounding, some 1e-15 of a sum of a thousand terms, and far below any difference that a problem file means.
#pragma once

namespace deepmad::mad {

inline constexpr double kBudgetTolerance = 1e-12;  // relative to the limit

// The largest number that keeps a budget of `limit` > 0, the same for every budget.
constexpr double MostAllowed(double limit) { return limit * (1 + kBudgetTolerance); }

}  // namespace deepmad::mad
