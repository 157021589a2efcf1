// The state of rank 0 for all ranks of a run.
#pragma once

#include "train/distributed/rank_group.h"
#include "train/state/checkpoint.h"

namespace deepmad::train {

// Rank 0's checkpoint, on every rank; what the others give is ignored. All ranks must call it.
Checkpoint ShareCheckpoint(const Checkpoint& checkpoint, const RankGroup& ranks);

}  // namespace deepmad::train
