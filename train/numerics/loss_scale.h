// Dynamic loss scaling for float16 training (Micikevicius et al., "Mixed precision training", ICLR 2018): the loss is multiplied by a scale
// so that small gradients do not underflow. If a gradient overflows, the update is skipped and the scale halved; after a number of
// consecutive clean updates it is doubled. All of this happens on the device; nothing waits for it.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <vector>

#include "base/config/config.h"
#include "models/layers/named_tensors.h"

namespace deepmad::train {

struct LossScaleOptions {
  double initial = 65536;
  int64_t growth_interval = 2000;  // clean updates before the scale is doubled
};

// Reads a `loss_scale` section.
LossScaleOptions ReadLossScale(const base::Config& config);

class LossScale {
 public:
  LossScale(const LossScaleOptions& options, at::Device device);

  at::Tensor Scaled(const at::Tensor& loss) const { return loss.mul(scale_); }
  // Divides the gradients by the scale, in place, and adapts the scale for the next update. Returns a float32 scalar on the device: 1 if a
  // gradient is not finite, so that the update must be skipped, else 0.
  at::Tensor UnscaleAndAdapt(const std::vector<at::Tensor>& gradients);

  double value() const;  // waits for the device
  const at::Tensor& scale() const { return scale_; }
  // The scale and the number of clean updates since it last changed. The tensors share memory with this object.
  models::NamedTensors State() const { return {{"scale", scale_}, {"clean_updates", clean_updates_}}; }
  void Restore(const models::NamedTensors& state) { models::CopyNamedTensors(state, State()); }

 private:
  int64_t growth_interval_;
  at::Tensor scale_;          // [] float32
  at::Tensor clean_updates_;  // [] int32
};

}  // namespace deepmad::train
