// One update of the weights: forward and backward pass of its micro-batches, unscaling, clipping, step, average.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <functional>
#include <optional>

#include "data/loader/loader.h"
#include "train/ema.h"
#include "train/gradient_buckets.h"
#include "train/gradient_reducer.h"
#include "train/loss_scale.h"
#include "train/optimizer.h"
#include "train/precision.h"
#include "train/recorded_pass.h"
#include "train/task.h"

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

// On the device, so that nothing waits for it.
struct UpdateResult {
  at::Tensor loss;           // mean over the micro-batches and ranks, a floating-point scalar
  at::Tensor stops;          // a scalar: ranks that were asked to stop; undefined for one process
  at::Tensor gradient_norm;  // before clipping, a scalar; undefined where the update was skipped
  bool skipped = false;      // a gradient overflowed under the loss scale: weights, optimizer and average are as they were
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
  // Changes the weights, after `accumulate` micro-batches on every rank. FailedError naming a parameter without a gradient.
  UpdateResult Finish(double lr);

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
  int64_t added_ = 0;  // micro-batches
  at::Tensor loss_;    // their mean so far
  UpdateSeconds seconds_;
};

}  // namespace deepmad::train
