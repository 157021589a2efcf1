// How fast training goes: images a second, the share of time spent waiting for data, the time left.
#pragma once

#include <cstdint>

namespace deepmad::train {

class Pace {
 public:
  static constexpr int64_t kWarmup = 50;  // updates that do not count for the rate, once there are more

  void Add(int64_t samples, double seconds, double data_seconds);

  // 0 before the first update.
  double images_per_second() const;
  double data_share() const { return seconds_ > 0 ? data_seconds_ / seconds_ : 0; }
  // For so many further samples; negative where it is unknown.
  double SecondsFor(int64_t samples) const;

 private:
  int64_t updates_ = 0, samples_ = 0, warm_samples_ = 0;
  double seconds_ = 0, warm_seconds_ = 0, data_seconds_ = 0;
};

}  // namespace deepmad::train
