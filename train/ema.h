// Exponential moving average of a network's weights: e += (1 - d)(p - e) after each update, over float parameters and buffers; integer
// tensors (batch counters) are copied.
#pragma once

#include <cstdint>

#include "train/named_tensors.h"

namespace deepmad::train {

class Ema {
 public:
  // `source`: the live tensors by name (a state dict). With `warmup`, update t = 0, 1, ... uses min(decay, 1 - (1 + t)^(-2/3)), so that the
  // first one copies; without, the average starts as a copy of `source` as it is now.
  Ema(NamedTensors source, double decay, bool warmup);

  // `overflow`, a float32 scalar on the device, may be undefined: where it holds 1 the device leaves the average as it is, and the caller,
  // once it knows, calls UncountUpdate().
  void Update(const at::Tensor& overflow = {});
  // The newest update was skipped on the device: it does not count.
  void UncountUpdate() { --updates_; }
  double DecayAt(int64_t update) const;

  // The averaged tensors under the names of the source; the Ema's own, not copies.
  const NamedTensors& tensors() const { return average_; }
  int64_t updates() const { return updates_; }
  // Copies from tensors as tensors() gave them. FailedError naming a missing one or a wrong shape.
  void Restore(const NamedTensors& tensors, int64_t updates);

  // Exchanges the contents of the live tensors and the average; twice is none. See EmaSwap.
  void Swap();

 private:
  NamedTensors source_;
  NamedTensors average_;
  std::vector<at::Tensor> source_floats_, average_floats_;
  std::vector<at::Tensor> source_integers_, average_integers_;
  double decay_;
  bool warmup_;
  int64_t updates_ = 0;
};

// While it lives, the network has the averaged weights.
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
