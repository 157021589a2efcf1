// The blocks of a problem as polynomials of their channel numbers (mad/recipe/polynomial.h), derived from the recipes once. The search, the
// relaxation and the upper bound evaluate these instead of building units.
#pragma once

#include <array>
#include <vector>

#include "mad/objective/formulation.h"
#include "mad/problem/budget.h"
#include "mad/recipe/polynomial.h"

namespace deepmad::mad {

// The counts of one unit: what it uses of the additive budgets, and ln w.
struct UnitFormulas {
  std::array<Form, kAdditiveBudgets> amounts;
  Form log_width;
  double log_quantisation = 0;
  Form entropy;  // what the unit adds to the entropy before the factor of the stage's width
};

// One block with one kernel: its first unit, with and without a change of channels, and its other units.
struct KernelForms {
  KernelChoice kernel;
  double log_alpha = 0;        // of each unit (LogAlpha)
  UnitFormulas first_equal;    // in = out
  UnitFormulas first_changed;  // in != out
  UnitFormulas other;          // zero if the block type does not repeat

  const UnitFormulas& First(bool changes_channels) const { return changes_channels ? first_changed : first_equal; }
};

struct BlockForms {
  const BlockType* type = nullptr;
  double se_ratio = 0;               // 0: no squeeze-excite
  std::vector<KernelForms> kernels;  // in the problem's order

  // Returns the value of kHiddenSymbol for a number of bottleneck channels.
  double Hidden(int bottleneck_channels) const;
  const KernelForms& OfKernel(const KernelChoice& kernel) const;
};

// The blocks of all structures of a problem.
struct ProblemForms {
  explicit ProblemForms(const DesignProblem& problem);

  std::vector<BlockForms> blocks;
  ScoreLayout layout;
  std::array<HeadAmount, kAdditiveBudgets> head;
};

}  // namespace deepmad::mad
