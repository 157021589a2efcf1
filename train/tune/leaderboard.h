// The answer of a tuning: the candidates in their order, what each is, and by how much the pick is ahead.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "train/tune/halving.h"

namespace deepmad::train {

// The difference of two candidates' scores, paired by the seeds that both were trained with.
struct PairedDifference {
  int seeds = 0;
  double mean = 0;
  double spread = 0;      // standard deviation of the differences; 0 for one seed
  double half_width = 0;  // of the 95 % interval by Student's t around `mean`; 0 for one seed
};
// REQUIRES: as many scores in `a` as in `b`, at least 1 and at most 10.
PairedDifference Difference(const std::vector<double>& a, const std::vector<double>& b);

// The rungs' outcomes, best first in each (ResultsOf). REQUIRES: all trainings have a record.
std::vector<std::vector<RungResult>> AllResults(const TunePlan& plan, const TuneCandidates& candidates, const std::vector<Rung>& rungs,
                                                const std::map<std::string, base::Json>& records);

// leaderboard.json: without a time or a date, so that the same tuning gives the same bytes however often it was interrupted and however
// many processes shared it. `problem` gives the budgets that the candidates' shares refer to.
base::Json Leaderboard(const TunePlan& plan, const TuneCandidates& candidates, const std::vector<Rung>& rungs, int64_t full_updates,
                       const std::vector<std::vector<RungResult>>& results, const mad::DesignProblem& problem);

// The same as a table for the terminal, the answer in words above it.
std::string LeaderboardText(const base::Json& leaderboard);

// The same as a page, with the structure of the pick as an SVG document.
std::string LeaderboardPage(const base::Json& leaderboard, const std::string& structure_svg);

}  // namespace deepmad::train
