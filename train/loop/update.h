// One update of the weights: forward and backward pass of its micro-batches, unscaling, clipping, step, average.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "data/loader/loader.h"
#include "models/device/device.h"
#include "train/distributed/gradient_buckets.h"
#include "train/distributed/gradient_reducer.h"
#include "train/loop/graphed_step.h"
#include "train/numerics/loss_scale.h"
#include "train/numerics/precision.h"
#include "train/optimizers/optimizer.h"
#include "train/state/ema.h"
#include "train/tasks/task.h"

namespace deepmad::train {

struct UpdateOptions {
  int64_t accumulate = 1;           // micro-batches; each loss counts 1 / accumulate
  std::optional<double> clip_norm;  // global L2 norm of the gradients
  bool graphs = false;              // record the passes of a micro-batch and replay them; the task must be a ReplayableTask
};

// All of it outlives the update. `ema` may be null; so may `ranks`: this process trains alone. With ranks there is a reducer, but not for
// recorded passes, whose gradients the update exchanges itself.
struct UpdateParts {
  const Task& task;
  models::Network& network;
  Optimizer& optimizer;
  Ema* ema;
  const RankGroup* ranks = nullptr;
  GradientReducer* reducer = nullptr;
};

// What an update tells the host.
struct UpdateReport {
  double loss = 0;           // mean over the micro-batches and ranks
  double gradient_norm = 0;  // before clipping; not finite where the update was skipped
  bool skipped = false;      // a gradient overflowed under the loss scale: weights, optimizer and average are as they were
  double loss_scale = 1;     // for the next update
  bool stop = false;         // some rank was asked to stop; false for one process
};

// Seconds in each phase since they were last taken.
struct UpdateSeconds {
  double forward = 0, backward = 0, optimizer = 0;
};

// Before each forward pass of training: which paths of this batch are dropped.
void DrawDropPaths(models::Network& network, const data::Batch& batch, const BatchPosition& position, at::Device device);

class Update {
 public:
  Update(const UpdateOptions& options, const UpdateParts& parts, const PrecisionOptions& precision, at::Device device);
  Update(const Update&) = delete;
  Update& operator=(const Update&) = delete;

  // Adds the gradients of the next micro-batch. Moves the batch to the device and may change its images.
  void Add(data::Batch& batch, const BatchPosition& position);
  // Changes the weights, after `accumulate` micro-batches on every rank. Waits for the update before it, but not for the device to do this
  // one, unless a loss scale meets an optimizer that cannot skip on the device. FailedError naming a parameter without a gradient.
  void Finish(double lr);
  // What the newest Finish() did; waits for the device to have done it. REQUIRES a Finish() before.
  const UpdateReport& Report();

  UpdateSeconds TakeSeconds();
  const std::optional<LossScale>& loss_scale() const { return loss_scale_; }
  std::optional<LossScale>& loss_scale() { return loss_scale_; }

 private:
  at::Tensor Pass(const std::function<at::Tensor()>& loss_of);

  UpdateOptions options_;
  UpdateParts parts_;
  PrecisionOptions precision_;
  at::Device device_;
  std::optional<LossScale> loss_scale_;
  std::optional<GradientBuckets> buckets_;  // of recorded passes of several ranks
  std::optional<RecordedPass> recorded_;
  int64_t added_ = 0;                           // micro-batches
  at::Tensor loss_;                             // their mean so far
  std::unique_ptr<models::Readback> readback_;  // of the newest update, until it is read
  UpdateReport report_;
  bool uncount_skipped_ = true;  // the newest update was counted before it was known whether the device skips it
  UpdateSeconds seconds_;
};

}  // namespace deepmad::train
