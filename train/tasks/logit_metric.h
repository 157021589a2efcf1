// The score of a task whose evaluation pass is Network::Forward() and nothing else.
#pragma once

#include "models/network/network.h"
#include "train/tasks/task.h"

namespace deepmad::train {

class LogitMetric : public TaskMetric {
 public:
  void Add(models::Network& network, const data::Batch& batch) final { AddLogits(network.Forward(batch.images), batch); }
  // Counts a batch by the outputs [N, classes] that the network has for its images. They may be overwritten by those of the next batch as
  // soon as the work queued by this call is done.
  virtual void AddLogits(const at::Tensor& outputs, const data::Batch& batch) = 0;
};

}  // namespace deepmad::train
