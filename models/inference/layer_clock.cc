#include "models/inference/layer_clock.h"

#include "models/device/device.h"

namespace deepmad::models {

void LayerClock::StartPass() {
  next_ = 0;
  SynchronizeDevice(device_);
  last_ = std::chrono::steady_clock::now();
}

void LayerClock::Done(const std::string& name, const std::string& kind, int64_t macs) {
  SynchronizeDevice(device_);
  const auto now = std::chrono::steady_clock::now();
  if (next_ == layers_.size()) layers_.push_back({name, kind, macs});
  layers_[next_++].seconds.push_back(std::chrono::duration<double>(now - last_).count());
  last_ = std::chrono::steady_clock::now();
}

}  // namespace deepmad::models
