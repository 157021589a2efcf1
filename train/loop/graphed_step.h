// Forward and backward pass of a micro-batch as a CUDA graph: recorded once, then replayed without launching hundreds of small kernels one
// by one. On the CPU the pass simply runs again.
#pragma once

#include <c10/core/Device.h>

#include <functional>
#include <memory>

#include "models/device/device.h"
#include "train/optimizers/optimizer.h"
#include "train/tasks/task.h"

namespace deepmad::train {

class RecordedPass {
 public:
  // Computes the loss of the inputs, a scalar, and adds its gradients. Must do the same work each time.
  using Pass = std::function<at::Tensor(const TaskInputs&)>;
  RecordedPass(Pass pass, models::Network& network, Optimizer& optimizer, at::Device device)
      : pass_(std::move(pass)), network_(network), optimizer_(optimizer), device_(device) {}

  // Runs the pass and returns the loss, a scalar that is valid until the next call. The first call records.
  // REQUIRES: gradients do not exist or are zero at the first call; all later inputs have the shapes of the first. Gradients accumulate in
  // the same memory, so set them to zero between updates and never release them.
  at::Tensor Run(const TaskInputs& inputs);

 private:
  void Record(const TaskInputs& inputs);

  Pass pass_;
  models::Network& network_;
  Optimizer& optimizer_;
  at::Device device_;
  TaskInputs inputs_;  // whose memory the recording reads
  at::Tensor loss_;    // and the one that it writes
  std::unique_ptr<models::Recording> recording_;
};

}  // namespace deepmad::train
