// One run of the recipe of a study or a tuning.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/config/config.h"
#include "train/study/study_structures.h"

namespace deepmad::cli {

// Returns the recipe as the configuration of one run, which lies beside its network. `load` gives the configuration of the study, whose
// section `recipe` may be a run of its own: a design or a network in it is not asked for. `changes`: overrides of the recipe,
// "train.epochs=10".
base::Config RecipeRun(const train::StudyConfig& load, const std::string& name, int64_t seed, const std::vector<std::string>& changes);

}  // namespace deepmad::cli
