#include "data/transforms/random_erasing.h"

#include <cmath>

namespace deepmad::data {

std::optional<Region> RandomErasing::Draw(Size size, base::Random& random) const {
  constexpr int kTries = 10;
  constexpr double kLeastRatio = 0.3, kLargestLinear = 3.3;
  if (!random.Bernoulli(probability)) return std::nullopt;
  for (int i = 0; i < kTries; ++i) {
    const double area = static_cast<double>(size.height) * size.width * random.Uniform(min_area, max_area);
    const double ratio = aspect == Aspect::kLog ? std::exp(random.Uniform(std::log(kLeastRatio), -std::log(kLeastRatio)))
                                                : random.Uniform(kLeastRatio, kLargestLinear);
    const int height = static_cast<int>(std::nearbyint(std::sqrt(area * ratio)));
    const int width = static_cast<int>(std::nearbyint(std::sqrt(area / ratio)));
    if (height >= size.height || width >= size.width) continue;
    const int top = static_cast<int>(random.UniformInt(0, size.height - height));
    const int left = static_cast<int>(random.UniformInt(0, size.width - width));
    return Region{left, top, width, height};
  }
  return std::nullopt;
}

void RandomErasing::Apply(const Region& region, Size size, int channels, MemoryLayout layout, base::Random& random, float* input) const {
  const bool planes = layout == MemoryLayout::kContiguous;
  const size_t pixel_step = planes ? 1 : static_cast<size_t>(channels);
  const size_t channel_step = planes ? static_cast<size_t>(size.height) * size.width : 1;
  for (int c = 0; c < channels; ++c) {
    const float colour = fill == Fill::kColour ? static_cast<float>(random.Normal()) : 0;
    for (int y = region.top; y < region.top + region.height; ++y) {
      float* row = input + c * channel_step + (static_cast<size_t>(y) * size.width + region.left) * pixel_step;
      for (int x = 0; x < region.width; ++x) row[x * pixel_step] = fill == Fill::kPixels ? static_cast<float>(random.Normal()) : colour;
    }
  }
}

}  // namespace deepmad::data
