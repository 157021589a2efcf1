// One pass of a network over a validation set.
#pragma once

#include <c10/core/Device.h>

#include "data/loader/loader.h"
#include "train/precision.h"
#include "train/task.h"

namespace deepmad::train {

class Evaluator {
 public:
  // All three must outlive the evaluator. The loader must deliver each sample once: in order, without dropping any.
  Evaluator(const Task& task, models::Network& network, data::Loader& loader, int64_t samples, PrecisionOptions precision,
            at::Device device);

  // Scores the network as it is, in eval mode; its mode afterwards is as before. `label` names the progress bar. FailedError when the
  // loader delivered another number of samples than `samples`. Stops between batches with Error(kStopped) when a signal asked for it.
  MetricValues Run(const std::string& label);
  // Of the last run, for tasks that have any: empty else.
  const Findings& findings() const { return findings_; }

 private:
  const Task& task_;
  models::Network& network_;
  data::Loader& loader_;
  int64_t samples_;
  PrecisionOptions precision_;
  at::Device device_;
  Findings findings_;
};

// Moves a batch to the device without waiting for the copy, in the layout of the run.
void MoveBatch(data::Batch& batch, at::Device device);

}  // namespace deepmad::train
