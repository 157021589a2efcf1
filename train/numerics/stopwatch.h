// Seconds between two looks.
#pragma once

#include <chrono>

namespace deepmad::train {

class Stopwatch {
 public:
  // Seconds since the last Lap or the start.
  double Lap() {
    const auto now = std::chrono::steady_clock::now();
    const double seconds = std::chrono::duration<double>(now - last_).count();
    last_ = now;
    return seconds;
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace deepmad::train
