// The forward pass of an evaluation as a CUDA graph: recorded once, then replayed without launching its kernels one by one. On the CPU the
// pass simply runs again.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <memory>

#include "models/device/device.h"
#include "models/network/network.h"
#include "train/numerics/precision.h"

namespace deepmad::train {

class RecordedForward {
 public:
  // `network` outlives the recording and is in evaluation mode whenever it runs. Its weights may change in place, but not move.
  RecordedForward(models::Network& network, const PrecisionOptions& precision, at::Device device)
      : network_(network), precision_(precision), device_(device) {}

  // Network::Forward() under autocast: images on the device -> logits, valid until the next call. The first call records; images of other
  // sizes than its own are passed without a recording.
  // REQUIRES: inference mode; no AutocastGuard is alive, since the weights that it has converted would be missing from the recording.
  at::Tensor Run(const at::Tensor& images);

 private:
  at::Tensor Pass(const at::Tensor& images);

  models::Network& network_;
  PrecisionOptions precision_;
  at::Device device_;
  at::Tensor images_;  // whose memory the recording reads
  at::Tensor logits_;  // and those that it writes
  std::unique_ptr<models::Recording> recording_;
};

}  // namespace deepmad::train
