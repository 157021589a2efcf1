// What the ranks of a run hold in common: after every update the same weights, statistics and counters on each of them.
#pragma once

#include <vector>

#include "train/checkpoint.h"
#include "train/rank_group.h"

namespace deepmad::train {

// Rank 0's checkpoint, on every rank; what the others give is ignored.
Checkpoint ShareCheckpoint(const Checkpoint& checkpoint, const RankGroup& ranks);

// Puts the mean over the ranks into every tensor, in one exchange.
void AverageStatistics(const std::vector<at::Tensor>& statistics, const RankGroup& ranks);

// Of an update: the mean of the ranks' losses, and how many of them were asked to stop. float64 scalars on the loss's device, so that
// nothing waits for them.
struct SharedStatus {
  at::Tensor loss;
  at::Tensor stops;
};
SharedStatus ShareStatus(const at::Tensor& loss, bool stop, const RankGroup& ranks);

}  // namespace deepmad::train
