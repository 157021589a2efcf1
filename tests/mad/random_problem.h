// Random design problems, the same for a number on every machine, and what their answers must be.
#pragma once

#include <optional>
#include <string>

#include "mad/design/design.h"

namespace deepmad::mad {

struct RandomProblem {
  std::string yaml;  // as a user would write it, without the budgets
  DesignProblem problem;
  // A structure that keeps the rules and budgets, where the budgets were made of its cost.
  std::optional<Candidate> planted;
};
// Inputs of 16 to 1024 pixels, 3 to 6 residual blocks of any registered type, every rule and both formulations; budgets from the cost of a
// random structure, exact or with some slack, or drawn blindly.
RandomProblem MakeRandomProblem(uint64_t number, double time_limit_seconds);

enum class AnswerKind { kDesign, kInfeasible, kMissed, kWrong };
struct Answer {
  AnswerKind kind = AnswerKind::kWrong;
  // kDesign: its status; kInfeasible and kMissed (a planted problem called infeasible): what the solver said; kWrong: what is wrong with
  // it.
  std::string text;
  double seconds = 0;
  double over_planted = 0;  // objective of the answer over that of the planted structure
};
Answer SolveAndCheck(const RandomProblem& random);

}  // namespace deepmad::mad
