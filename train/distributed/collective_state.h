// Values that the ranks of a run exchange after every update, so that each of them holds the same.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "train/distributed/rank_group.h"

namespace deepmad::train {

// Puts the mean over the ranks into every tensor, in one exchange.
void AverageStatistics(const std::vector<at::Tensor>& statistics, const RankGroup& ranks);

// The mean loss of an update over the ranks, and the number of ranks that were asked to stop: float64 scalars on the device of the loss, so
// that reading them can wait.
struct SharedStatus {
  at::Tensor loss;
  at::Tensor stops;
};
SharedStatus ShareStatus(const at::Tensor& loss, bool stop, const RankGroup& ranks);

}  // namespace deepmad::train
