// What all ranks of a run must have alike, compared before the work begins: with two configurations they would train neither.
#pragma once

#include <string>

#include "train/rank_group.h"

namespace deepmad::train {

// Returns once every rank has called it with rank 0's values. `yaml` holds this rank's, `what` names them: "the configuration". A rank
// whose values differ throws a UsageError with the first key that does; its word ends the others, which wait here.
void CheckAgreement(const std::string& what, const std::string& yaml, const RankGroup& ranks);

}  // namespace deepmad::train
