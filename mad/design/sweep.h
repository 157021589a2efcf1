// Sweeps a budget, the effectiveness bound or a stage weight: parses the values, finds the Pareto front, prints the designs as a table.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "mad/design/design.h"

namespace deepmad::mad {

// One key of the problem and its values, in the order in which they are solved.
struct SweepAxis {
  std::string key;  // "budgets.flops"
  std::vector<double> values;

  std::string Assignment(size_t step) const;  // "budgets.flops=1e+09"
};
// Parses "KEY=LOW:HIGH:COUNT" (equal ratios), "KEY=LOW:HIGH:COUNT:linear" (equal steps) or "KEY=V1,V2,...". Throws UsageError.
SweepAxis ParseSweepAxis(const std::string& text);
// Checks that all axes have the same number of values, because they are stepped together. Throws UsageError otherwise.
void CheckSameLength(const std::vector<SweepAxis>& axes);

// Replaces `result` by `neighbour`, the design of an adjacent point, if that is feasible and better, so that the objective never falls as a
// budget grows. `result` is empty if the solver found nothing. Returns whether it was replaced.
bool PreferNeighbour(const DesignProblem& problem, const NetworkSpec& neighbour, DesignResult& result);

struct SweepPoint {
  std::vector<double> values;  // one per axis
  base::Json report;           // report.json of the design, or {status: infeasible, message: ...}
  bool on_front = false;

  bool HasDesign() const { return report.at("status") != "infeasible"; }
};
// Sets on_front. A point is Pareto-optimal if no other design is at least as good in every budgeted quantity, in effectiveness and in
// quality, and strictly better in one. Quality is the objective or, if the sweep changes its definition, the entropy of each stage.
void MarkFront(const std::vector<SweepAxis>& axes, std::vector<SweepPoint>& points);

// Returns a CSV table: a header and one line per point. Cells without a design or number are empty.
std::string SweepCsv(const std::vector<SweepAxis>& axes, const std::vector<SweepPoint>& points);
// Returns a table of the main columns for the terminal, one line per point.
std::string SweepTable(const std::vector<SweepAxis>& axes, const std::vector<SweepPoint>& points);

}  // namespace deepmad::mad
