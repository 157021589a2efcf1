// The structures of a study, made once and kept in its folder.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "train/study/study_plan.h"

namespace deepmad::train {

struct StudyStructure {
  std::string name, group;
  StructureOrigin origin = StructureOrigin::kDesign;
  mad::NetworkSpec network;
  mad::Assessment assessment;  // against the study's own problem, whatever the structure was made for
};

// The study's configuration with more overrides, as the command line applies them.
using StudyConfig = std::function<base::Config(const std::vector<std::string>& overrides)>;

// In the order of the plan. Each has a folder below `out`: network.yaml, report.json and source.json, from which it is taken again as long
// as nothing it was made from has changed. InfeasibleError naming the structure; Error(kStopped) between structures after a signal.
std::vector<StudyStructure> MakeStructures(const StudyPlan& plan, const StudyConfig& config, const std::string& out);

// A text that two networks share only if they are the same but for their names.
std::string StructureDigest(const mad::NetworkSpec& network);

// The structures as a table: name, group, digest, and the predictors (train/study/predictors.h).
std::string StructureTable(const std::vector<StudyStructure>& structures);

// The structures of a study in stages, which never change once they are there: made and listed in `out`/structures.csv the first time, from
// then on taken as they lie below `out`/structures. UsageError where they are not those of the list.
std::vector<StudyStructure> FixedStructures(const StudyPlan& plan, const StudyConfig& config, const std::string& out);

}  // namespace deepmad::train
