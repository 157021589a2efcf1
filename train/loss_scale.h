// Dynamic loss scale of float16 training (Micikevicius et al., "Mixed precision training", ICLR 2018): gradients are taken of the loss
// times a scale, so that small ones do not vanish. Where one overflows, the update is skipped and the scale halved; after a number of clean
// updates in a row it is doubled. All of that happens on the device, and nothing waits for it.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <vector>

#include "base/config.h"
#include "train/named_tensors.h"

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
  // gradient is not finite, so that the update has to be skipped, else 0.
  at::Tensor UnscaleAndAdapt(const std::vector<at::Tensor>& gradients);

  double value() const;  // waits for the device
  const at::Tensor& scale() const { return scale_; }
  // The scale and the clean updates since it changed; not copies.
  NamedTensors State() const { return {{"scale", scale_}, {"clean_updates", clean_updates_}}; }
  void Restore(const NamedTensors& state) { CopyNamedTensors(state, State()); }

 private:
  int64_t growth_interval_;
  at::Tensor scale_;          // [] float32
  at::Tensor clean_updates_;  // [] int32
};

}  // namespace deepmad::train
