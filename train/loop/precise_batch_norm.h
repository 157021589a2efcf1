// Precise batch norm: re-estimates the statistics of batch norms before a network is scored, because the running averages lag behind the
// weights, especially at a high learning rate.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <string>

#include "train/loop/device_feed.h"
#include "train/loop/update.h"
#include "train/numerics/precision.h"

namespace deepmad::train {

struct StatisticsPass {
  int64_t epoch = 0;
  int64_t batches = 1;  // of the feed, on each rank
  uint64_t seed = 0;
  std::string label;  // of the progress bar
};

// Sets each running_mean and running_var to its mean over the first `batches` training batches of the epoch, on all ranks, with the current
// weights. Batches and random draws are those of training, so the result is a function of weights, seed and epoch. Leaves weights,
// gradients and batch counters unchanged. After a signal, throws Error(kStopped) between batches, on all ranks at the same batch; the
// statistics are then incomplete, and a later call starts over.
void EstimateStatistics(const UpdateParts& parts, BatchFeed& feed, const StatisticsPass& pass, const PrecisionOptions& precision,
                        at::Device device);

}  // namespace deepmad::train
