#include "models/inference/layer_clock.h"

namespace deepmad::models {

void LayerClock::StartPass() {
  next_ = 0;
  if (timer_) {
    timer_->Hold();
    timer_->Mark();
  } else {
    last_ = std::chrono::steady_clock::now();
  }
}

void LayerClock::Done(const std::string& name, const std::string& kind, int64_t macs) {
  if (timer_) timer_->Mark();
  const auto now = std::chrono::steady_clock::now();
  if (next_ == layers_.size()) layers_.push_back({name, kind, macs});
  LayerTime& layer = layers_[next_++];
  if (timer_) return;
  layer.seconds.push_back(std::chrono::duration<double>(now - last_).count());
  last_ = std::chrono::steady_clock::now();
}

void LayerClock::EndPass() {
  if (!timer_) return;
  const std::vector<double> seconds = timer_->Seconds();
  for (size_t i = 0; i < seconds.size(); ++i) layers_[i].seconds.push_back(seconds[i]);
}

}  // namespace deepmad::models
