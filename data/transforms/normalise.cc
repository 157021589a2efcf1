#include "data/transforms/normalise.h"

#include <stdexcept>

namespace deepmad::data {

Normaliser::Normaliser(const std::vector<double>& mean, const std::vector<double>& standard_deviation) : table_(mean.size()) {
  if (mean.size() != standard_deviation.size()) throw std::logic_error("Normaliser: as many means as standard deviations");
  for (size_t c = 0; c < table_.size(); ++c) {
    const float channel_mean = static_cast<float>(mean[c]);
    const float channel_std = static_cast<float>(standard_deviation[c]);
    for (int value = 0; value < 256; ++value) table_[c][value] = (static_cast<float>(value) / 255.0f - channel_mean) / channel_std;
  }
}

void Normaliser::Apply(const Image& image, MemoryLayout layout, float* out) const {
  if (image.channels != channels()) throw std::logic_error("Normaliser: wrong number of channels");
  const int64_t pixels = static_cast<int64_t>(image.height) * image.width;
  const int64_t pixel_step = layout == MemoryLayout::kContiguous ? 1 : channels();
  const int64_t channel_step = layout == MemoryLayout::kContiguous ? pixels : 1;
  for (int c = 0; c < channels(); ++c) {
    const float* table = table_[c].data();
    const uint8_t* from = image.pixels.data() + c;
    float* to = out + c * channel_step;
    for (int64_t i = 0; i < pixels; ++i) to[i * pixel_step] = table[from[i * channels()]];
  }
}

}  // namespace deepmad::data
