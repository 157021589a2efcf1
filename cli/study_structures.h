// The structures of a study, made once and kept in its folder.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/study_plan.h"

namespace deepmad::cli {

struct StudyStructure {
  std::string name;
  StructureOrigin origin = StructureOrigin::kDesign;
  mad::NetworkSpec network;
  mad::Assessment assessment;  // against the study's own problem, whatever the structure was made for
};

// The study's configuration with more overrides, as the command line applies them.
using StudyConfig = std::function<base::Config(const std::vector<std::string>& overrides)>;

// In the order of the plan. Each has a folder below `out`: network.yaml, report.json and source.json, from which it is taken again as long
// as nothing it was made from has changed. InfeasibleError naming the structure; Error(kStopped) between structures after a signal.
std::vector<StudyStructure> MakeStructures(const StudyPlan& plan, const StudyConfig& config, const std::string& out);

}  // namespace deepmad::cli
