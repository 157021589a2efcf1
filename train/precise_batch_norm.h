// Batch normalisation's statistics anew, before a network is scored: the running averages lag behind the weights, the more so the higher
// the learning rate.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <string>

#include "train/batch_feed.h"
#include "train/precision.h"
#include "train/update.h"

namespace deepmad::train {

struct StatisticsPass {
  int64_t epoch = 0;
  int64_t batches = 1;  // of the feed, on each rank
  uint64_t seed = 0;
  std::string label;  // of the progress bar
};

// Puts into each running_mean and running_var the mean of what the first `batches` training batches of the epoch give, with the weights as
// they are; over all ranks. Batches and draws are those of training, so the result is a function of weights, seed and epoch. Weights,
// gradients and the counters of batches stay. Stops between batches with Error(kStopped) when a signal asked for it, on all ranks at the
// same batch; the statistics are then unfinished, and a later call begins anew.
void EstimateStatistics(const UpdateParts& parts, BatchFeed& feed, const StatisticsPass& pass, const PrecisionOptions& precision,
                        at::Device device);

}  // namespace deepmad::train
