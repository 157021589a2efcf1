// `train.batch_size: auto`: the largest batch with which this run's own update fits in memory, by trial.
#pragma once

#include <c10/core/Device.h>

#include <string>

#include "base/config/config.h"
#include "data/inputs/open_datasets.h"
#include "mad/network/network_spec.h"
#include "train/distributed/rank_group.h"
#include "train/run/train_config.h"
#include "train/tasks/task.h"

namespace deepmad::train {

// Samples an update, over all micro-batches and processes. Runs two updates and the validation of one batch with a network of its own for
// each size it tries, on real batches. `task` is the run's, which has started validation. A process holds what its tensors take, the
// batches that wait for it included, or what is in the way is a UsageError. `ranks` (null: alone) all take the smallest that one of them
// finds.
int64_t FitBatch(const base::Config& config, const TrainConfig& train, const mad::NetworkSpec& spec, const data::Datasets& data,
                 const Task& task, at::Device device, const RankGroup* ranks);

// The number that the run in folder `out` was started with; 0: there is none.
int64_t BatchOfRun(const std::string& out);

}  // namespace deepmad::train
