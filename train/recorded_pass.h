// Forward and backward pass of a micro-batch, recorded once and replayed (a CUDA graph; on the CPU it simply runs again): the device then
// needs no orders from the processor for its hundreds of small kernels.
#pragma once

#include <c10/core/Device.h>

#include <functional>
#include <memory>

#include "models/device.h"
#include "train/optimizer.h"
#include "train/task.h"

namespace deepmad::train {

class RecordedPass {
 public:
  // `pass` computes the loss of the inputs it is given and adds its gradients; it must be the same work each time.
  using Pass = std::function<at::Tensor(const TaskInputs&)>;
  RecordedPass(Pass pass, models::Network& network, Optimizer& optimizer, at::Device device)
      : pass_(std::move(pass)), network_(network), optimizer_(optimizer), device_(device) {}

  // The loss, valid until the next call. The first call records, and all inputs must have the shapes of its own from then on; there must be
  // no gradients yet but zeros. Each call adds its gradients to those that are there, in the same memory: set them to zero, never drop
  // them.
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
