// The work of a command with all ranks, from joining them to ending with them.
#pragma once

#include <functional>
#include <string>

#include "train/distributed/rank_group.h"

namespace deepmad::train {

// Joins the other ranks if there are some (LaunchFromEnvironment) and are the same program, runs the work with them (null: alone), and ends
// with them. Ranks but the first one say nothing but errors from then on. `device` as the user names it.
void WithRanks(const std::string& device, const std::function<void(const RankGroup*)>& work);

}  // namespace deepmad::train
