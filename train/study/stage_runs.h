// The runs that the stages of a study consist of.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "train/study/study_plan.h"

namespace deepmad::train {

struct StudyRun {
  std::string name;  // "main/rho-0.2-03/lr=0.1/seed=0": a relative path, unique in the study
  std::string stage, structure, group;
  std::vector<std::pair<std::string, std::string>> factors;  // name and value
  int64_t seed = 0;
  std::vector<std::string> changes;  // of the recipe
  bool test = false;
};

struct StageRuns {
  std::vector<StudyRun> runs;
  bool complete = true;  // false: values that earlier stages have yet to choose are missing, and with them runs
};

// What is known by the records so far. In the order in which they should be done: stage by stage, seed by seed, so that what is there when
// a study is interrupted covers all structures.
StageRuns RunsOfStages(const StudyPlan& plan, const std::map<std::string, base::Json>& records);

}  // namespace deepmad::train
