#include "data/transforms/random_resized_crop.h"

#include <cmath>

namespace deepmad::data {

Region RandomResizedCrop::Draw(Size size, base::Random& random) const {
  constexpr int kTries = 10;
  const double area = static_cast<double>(size.height) * size.width;
  for (int i = 0; i < kTries; ++i) {
    const double target = area * random.Uniform(min_scale, max_scale);
    const double ratio = std::exp(random.Uniform(std::log(min_ratio), std::log(max_ratio)));
    // nearbyint rounds half to even.
    const int width = static_cast<int>(std::nearbyint(std::sqrt(target * ratio)));
    const int height = static_cast<int>(std::nearbyint(std::sqrt(target / ratio)));
    if (width <= 0 || width > size.width || height <= 0 || height > size.height) continue;
    const int left = static_cast<int>(random.UniformInt(0, size.width - width));
    const int top = static_cast<int>(random.UniformInt(0, size.height - height));
    return {left, top, width, height};
  }
  int width = size.width, height = size.height;
  const double ratio = static_cast<double>(width) / height;
  if (ratio < min_ratio) {
    height = std::max(1, static_cast<int>(std::nearbyint(width / min_ratio)));
  } else if (ratio > max_ratio) {
    width = std::max(1, static_cast<int>(std::nearbyint(height * max_ratio)));
  }
  return {(size.width - width) / 2, (size.height - height) / 2, width, height};
}

}  // namespace deepmad::data
