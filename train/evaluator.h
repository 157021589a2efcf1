// One pass of a network over a validation set.
#pragma once

#include <c10/core/Device.h>

#include "data/loader/loader.h"
#include "train/batch_feed.h"
#include "train/precision.h"
#include "train/rank_group.h"
#include "train/task.h"

namespace deepmad::train {

class Evaluator {
 public:
  // All of it must outlive the evaluator. The loader must deliver each sample once: in order, without dropping any; with `ranks`, which may
  // be null, each on one of them.
  Evaluator(const Task& task, models::Network& network, data::Loader& loader, int64_t samples, PrecisionOptions precision,
            at::Device device, const RankGroup* ranks = nullptr);

  // Scores the network as it is, in eval mode; its mode afterwards is as before. `label` names the progress bar. FailedError when the
  // loader delivered another number of samples than `samples`. Stops between batches with Error(kStopped) when a signal asked for it, on
  // all ranks at the same batch. The values are those of the whole set on every rank.
  MetricValues Run(const std::string& label);
  // Of the last run, for tasks that have any: empty else, and with ranks.
  const Findings& findings() const { return findings_; }
  // Of the last run, on every rank.
  const base::Json& particulars() const { return particulars_; }

 private:
  const Task& task_;
  models::Network& network_;
  BatchFeed feed_;
  int64_t samples_;
  PrecisionOptions precision_;
  at::Device device_;
  const RankGroup* ranks_;
  Findings findings_;
  base::Json particulars_;
};

// Moves a batch to the device without waiting for the copy, in the layout of the run.
void MoveBatch(data::Batch& batch, at::Device device);

}  // namespace deepmad::train
