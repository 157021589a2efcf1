// Exponential moving average of a network's weights: e += (1 - d)(p - e) after each update, over float parameters and buffers; integer
// tensors (batch counters) are copied.
#pragma once

#include <cstdint>

#include "models/layers/named_tensors.h"

namespace deepmad::train {

class Ema {
 public:
  // Averages `source`, the live tensors by name (a state dict). With `warmup`, update t = 0, 1, ... uses min(decay, 1 - (1 + t)^(-2/3)), so
  // the first update copies. Without it, the average starts as a copy of the current values.
  Ema(models::NamedTensors source, double decay, bool warmup);

  // `overflow`, a float32 scalar on the device, may be undefined: where it holds 1 the device leaves the average as it is, and the caller,
  // once it knows, calls UncountUpdate().
  void Update(const at::Tensor& overflow = {});
  // The newest update was skipped on the device: it does not count.
  void UncountUpdate() { --updates_; }
  double DecayAt(int64_t update) const;

  // The averaged tensors under the names of `source`. They share memory with this object.
  const models::NamedTensors& tensors() const { return average_; }
  int64_t updates() const { return updates_; }
  // Restores values saved from tensors(). Throws FailedError naming a tensor that is missing or has the wrong shape.
  void Restore(const models::NamedTensors& tensors, int64_t updates);

  // Exchanges the live tensors and the average. A second call undoes the first; prefer EmaSwap.
  void Swap();

 private:
  models::NamedTensors source_;
  models::NamedTensors average_;
  std::vector<at::Tensor> source_floats_, average_floats_;
  std::vector<at::Tensor> source_integers_, average_integers_;
  double decay_;
  bool warmup_;
  int64_t updates_ = 0;
};

// Scope guard: the network has the averaged weights until the guard is destroyed.
class EmaSwap {
 public:
  explicit EmaSwap(Ema& ema) : ema_(ema) { ema_.Swap(); }
  ~EmaSwap() { ema_.Swap(); }
  EmaSwap(const EmaSwap&) = delete;
  EmaSwap& operator=(const EmaSwap&) = delete;

 private:
  Ema& ema_;
};

}  // namespace deepmad::train
