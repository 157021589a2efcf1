// A walk over a budget, the effectiveness bound or a stage weight: the values, the Pareto front and the table of the answers.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "mad/design.h"

namespace deepmad::mad {

// One key of the problem and the values it takes, in the order in which they are solved.
struct SweepAxis {
  std::string key;  // "budgets.flops"
  std::vector<double> values;

  std::string Assignment(size_t step) const;  // "budgets.flops=1e+09"
};
// "KEY=LOW:HIGH:COUNT" (equal ratios), "KEY=LOW:HIGH:COUNT:linear" (equal steps) or "KEY=V1,V2,...". UsageError naming what is wrong.
SweepAxis ParseSweepAxis(const std::string& text);
// Several axes are walked together, value by value. UsageError where they differ in length.
void CheckSameLength(const std::vector<SweepAxis>& axes);

// A structure that keeps rules and budgets and is better than the answer takes its place: so the objective never falls where a budget
// grows. `result` is empty where nothing was found; gives whether it was replaced.
bool PreferNeighbour(const DesignProblem& problem, const NetworkSpec& neighbour, DesignResult& result);

struct SweepPoint {
  std::vector<double> values;  // of the axes
  base::Json report;           // report.json of the design, or {status: infeasible, message: ...}
  bool on_front = false;

  bool HasDesign() const { return report.at("status") != "infeasible"; }
};
// A point is on the front where no other design costs at most as much in every budgeted quantity and effectiveness and is at least as good,
// one of them truly. As good: by the objective, or, where the walk changes what the objective means, by the entropy of each stage.
void MarkFront(const std::vector<SweepAxis>& axes, std::vector<SweepPoint>& points);

// One line a point under a line of column names; empty cells where there is no design or number.
std::string SweepCsv(const std::vector<SweepAxis>& axes, const std::vector<SweepPoint>& points);
// The same for the terminal, the main columns only.
std::string SweepTable(const std::vector<SweepAxis>& axes, const std::vector<SweepPoint>& points);

}  // namespace deepmad::mad
