#include "data/video/frame_sampling.h"

#include <algorithm>
#include <cmath>

namespace deepmad::data {

std::vector<int64_t> SparseTrainFrames(int64_t count, int segments, base::Random& random) {
  const int64_t length = count / segments;
  std::vector<int64_t> numbers;
  for (int64_t k = 0; k < segments; ++k) {
    if (length > 0) {
      numbers.push_back(k * length + random.UniformInt(0, length - 1));
    } else {
      numbers.push_back(std::llrint(static_cast<double>(k * count) / segments) % count);  // half to even
    }
  }
  return numbers;
}

std::vector<int64_t> SparseTestFrames(int64_t count, int frames) {
  const double length = static_cast<double>(count) / frames;
  std::vector<int64_t> numbers;
  for (int k = 0; k < frames; ++k) numbers.push_back(static_cast<int64_t>(k * length + length / 2) % count);
  return numbers;
}

double DenseSampling::Span(double fps) const {
  const double as_it_is = static_cast<double>(frames) * step;
  return ByTime(fps) ? std::max(1.0, as_it_is * fps / target_fps) : as_it_is;
}

std::vector<int64_t> DenseSampling::Clip(int64_t start, int64_t count, double fps) const {
  std::vector<int64_t> numbers;
  const double last = Span(fps) - 1, each = last / std::max(1, frames - 1);
  for (int i = 0; i < frames; ++i) {
    int64_t offset = static_cast<int64_t>(i) * step;
    if (ByTime(fps)) offset = static_cast<int64_t>(i > 0 && i == frames - 1 ? last : i * each);
    numbers.push_back((start + offset) % count);
  }
  return numbers;
}

std::vector<int64_t> DenseSampling::Train(int64_t count, double fps, base::Random& random) const {
  const double free = static_cast<double>(count) - Span(fps);
  return Clip(random.UniformInt(0, static_cast<int64_t>(std::max(0.0, std::floor(free)))), count, fps);
}

std::vector<std::vector<int64_t>> DenseSampling::Test(int64_t count, double fps, int clips) const {
  const double span = ByTime(fps) ? Span(fps) : static_cast<double>(frames - 1) * step + 1;
  const double free = std::max(0.0, static_cast<double>(count) - span);
  std::vector<std::vector<int64_t>> numbers;
  for (int k = 0; k < clips; ++k) {
    double start = std::floor(free / 2);
    if (clips > 1) start = ByTime(fps) ? k * std::floor(free / (clips - 1)) : std::nearbyint(k * free / (clips - 1));
    numbers.push_back(Clip(static_cast<int64_t>(start), count, fps));
  }
  return numbers;
}

}  // namespace deepmad::data
