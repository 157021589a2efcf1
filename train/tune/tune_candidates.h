// The networks that a tuning compares: designs and hand-made shapes at the same budgets.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "mad/design/design.h"
#include "train/study/study_structures.h"
#include "train/tune/tune_plan.h"

namespace deepmad::train {

// A candidate that was not made, or that is the same network as an earlier one.
struct LeftOut {
  std::string name;
  std::string reason;
};

struct TuneCandidates {
  std::vector<StudyStructure> structures;  // group: "design" or "hand_made"; all different
  std::vector<LeftOut> left_out;
};

// Makes the candidates and writes nothing. `config` gives the tuning's configuration with more overrides. Throws InfeasibleError if no
// candidate keeps the budgets, Error(kStopped) between two candidates after a signal.
TuneCandidates SolveCandidates(const TunePlan& plan, const StudyConfig& config);

// Makes the candidates once and keeps them in `out`/candidates; later calls, of this process or another, read them from there. `source` is
// a text of everything that decides the result of the tuning. `config` gives the tuning's configuration with more overrides. Throws
// UsageError if `out` holds a tuning of another source, InfeasibleError if no candidate keeps the budgets, Error(kStopped) between two
// candidates after a signal.
TuneCandidates MakeCandidates(const TunePlan& plan, const StudyConfig& config, const std::string& source, const std::string& out,
                              const std::function<void(const TuneCandidates&)>& check);

}  // namespace deepmad::train
