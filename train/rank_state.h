// Collectives that keep the state of all ranks equal: after every update each has the same weights, statistics and counters.
#pragma once

#include <vector>

#include "train/checkpoint.h"
#include "train/rank_group.h"

namespace deepmad::train {

// Returns rank 0's checkpoint on every rank. The argument of the other ranks is ignored.
Checkpoint ShareCheckpoint(const Checkpoint& checkpoint, const RankGroup& ranks);

// Replaces each tensor by its mean over the ranks, in one exchange.
void AverageStatistics(const std::vector<at::Tensor>& statistics, const RankGroup& ranks);

// The mean loss of an update over the ranks, and the number of ranks that were asked to stop: float64 scalars on the device of the loss, so
// that reading them can wait.
struct SharedStatus {
  at::Tensor loss;
  at::Tensor stops;
};
SharedStatus ShareStatus(const at::Tensor& loss, bool stop, const RankGroup& ranks);

}  // namespace deepmad::train
