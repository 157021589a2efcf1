// Design problems that admit one structure alone, with the numbers that it reports of itself as budgets: the edge of the admitted.
#pragma once

#include <string>
#include <vector>

#include "mad/design/design.h"

namespace deepmad::mad {

// What else a problem's ranges hold.
enum class Ranges {
  kSingle,  // nothing
  kWider,   // depths and bottlenecks of one more, which only the budgets exclude
};

// The blocks of a network as a stem and stages of fixed widths, without rules and budgets. Bit widths that differ within a block are left
// out, since no problem describes them.
DesignProblem ProblemAround(const NetworkSpec& network, const Formulation& formulation, Ranges ranges);

struct EdgeOutcome {
  int designs = 0;                  // problems solved: with the reported budgets, and with each of them lowered
  std::vector<std::string> faults;  // empty where every answer was as it must be
};
// With the reported numbers, printed to 17 digits, as budgets the structure has to be found and proven; with one of them lowered by 1e-9 of
// itself the problem has to be refused, naming that budget alone and the amount.
EdgeOutcome SolveAtTheEdge(const NetworkSpec& network, const Formulation& formulation, Ranges ranges);

// A random structure of any types, quantised ones among them, and a formulation for it.
NetworkSpec NetworkOfNumber(uint64_t number);
const Formulation& FormulationOfNumber(uint64_t number);

}  // namespace deepmad::mad
