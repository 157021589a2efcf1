// One pass of a network over a validation set.
#pragma once

#include <c10/core/Device.h>

#include <optional>

#include "data/loader/loader.h"
#include "train/distributed/rank_group.h"
#include "train/loop/device_feed.h"
#include "train/loop/recorded_forward.h"
#include "train/numerics/precision.h"
#include "train/tasks/task.h"

namespace deepmad::train {

class Evaluator {
 public:
  // REQUIRES: all arguments taken by reference or pointer outlive the evaluator; the loader delivers each of the `samples` samples once, in
  // order, without dropping any. With several ranks each sample is on exactly one of them. `ranks` is null for a single process.
  Evaluator(const Task& task, models::Network& network, data::Loader& loader, int64_t samples, PrecisionOptions precision,
            at::Device device, const RankGroup* ranks = nullptr);

  // Scores the network in evaluation mode and restores its mode. Returns the metrics of the whole set on every rank. `label` names the
  // progress bar. Throws FailedError if the loader did not deliver exactly `samples` samples. After a signal, throws Error(kStopped)
  // between batches, on all ranks at the same batch.
  MetricValues Run(const std::string& label);
  // From then on batch norms use the statistics of each batch, as in training: what the network would score if its running averages were
  // right. Changes the running averages and the counters of batches. Each batch should hold samples of many classes, as in training.
  void UseBatchStatistics() { batch_statistics_ = true; }
  // From then on the passes of a LogitMetric over batches of one size are recorded once and replayed (RecordedForward), with the same
  // scores. Takes the memory of a pass for as long as the evaluator lives. Nothing with batch statistics, which change the network in each
  // pass.
  void ReplayPasses() { recorded_.emplace(network_, precision_, device_); }
  // The mistakes found by the last Run(). Empty if the task reports none or with several ranks.
  const Findings& findings() const { return findings_; }
  // The metric's further results (TaskMetric::Particulars) of the last Run(), on every rank.
  const base::Json& particulars() const { return particulars_; }

 private:
  void Add(TaskMetric& metric, const data::Batch& batch);

  const Task& task_;
  models::Network& network_;
  BatchFeed feed_;
  int64_t samples_;
  PrecisionOptions precision_;
  at::Device device_;
  const RankGroup* ranks_;
  bool batch_statistics_ = false;
  std::optional<RecordedForward> recorded_;
  Findings findings_;
  base::Json particulars_;
};

}  // namespace deepmad::train
