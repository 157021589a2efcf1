#include "train/loop/throughput_meter.h"

namespace deepmad::train {

void Pace::Add(int64_t samples, double seconds, double data_seconds) {
  samples_ += samples;
  seconds_ += seconds;
  data_seconds_ += data_seconds;
  if (++updates_ <= kWarmup) return;
  warm_samples_ += samples;
  warm_seconds_ += seconds;
}

double Pace::images_per_second() const {
  if (warm_seconds_ > 0) return static_cast<double>(warm_samples_) / warm_seconds_;
  return seconds_ > 0 ? static_cast<double>(samples_) / seconds_ : 0;
}

double Pace::SecondsFor(int64_t samples) const {
  const double rate = images_per_second();
  return rate > 0 ? static_cast<double>(samples) / rate : -1;
}

}  // namespace deepmad::train
