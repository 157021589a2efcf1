// What a design runs up against: the budgets, ranges and rules that stop it from growing. A step is one unit, multiple of channels or
// kernel more in one place; those that would raise the objective are looked at, and what stands in their way.
#pragma once

#include <string>
#include <vector>

#include "mad/design/design.h"

namespace deepmad::mad {

struct Binding {
  std::vector<std::string> budgets;  // as in report.json; those that a step within ranges and rules would exceed
  std::vector<std::string> unused;   // the other budgets: there is room for every such step
  std::vector<std::string> ranges;   // keys of the problem, "stages.1.depth", at whose upper end the design is
  std::vector<std::string> rules;    // keys of the problem that a step within ranges and budgets would break
};

// Requires a network of the problem's blocks.
Binding WhatBinds(const DesignProblem& problem, const NetworkSpec& network);

// A few lines for the terminal: what binds, which budgets have room left, and what would use it.
std::string BindingText(const DesignProblem& problem, const Assessment& assessment, const Binding& binding);

}  // namespace deepmad::mad
