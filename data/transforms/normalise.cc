#include "data/transforms/normalise.h"

#include <stdexcept>

namespace deepmad::data {

Normaliser::Normaliser(const std::vector<double>& mean, const std::vector<double>& standard_deviation)
    : mean_(mean.begin(), mean.end()), std_(standard_deviation.begin(), standard_deviation.end()), tables_(mean.size()) {
  if (mean.size() != standard_deviation.size()) throw std::logic_error("Normaliser: as many means as standard deviations");
  for (size_t c = 0; c < tables_.size(); ++c) {
    for (int value = 0; value < 256; ++value) tables_[c][value] = (static_cast<float>(value) / 255.0f - mean_[c]) / std_[c];
  }
}

void Normaliser::Apply(const Image& image, MemoryLayout layout, float* out) const { Apply(tables_, image, layout, out); }

void Normaliser::ApplyAdding(const std::array<float, 3>& added, const Image& image, MemoryLayout layout, float* out) const {
  if (channels() > 3) throw std::logic_error("Normaliser: at most three channels can be added to");
  std::vector<Table> tables(tables_.size());
  for (size_t c = 0; c < tables.size(); ++c) {
    for (int value = 0; value < 256; ++value) tables[c][value] = (static_cast<float>(value) / 255.0f + added[c] - mean_[c]) / std_[c];
  }
  Apply(tables, image, layout, out);
}

void Normaliser::Apply(const std::vector<Table>& tables, const Image& image, MemoryLayout layout, float* out) const {
  if (image.channels != channels()) throw std::logic_error("Normaliser: wrong number of channels");
  const int64_t pixels = static_cast<int64_t>(image.height) * image.width;
  const int64_t pixel_step = layout == MemoryLayout::kContiguous ? 1 : channels();
  const int64_t channel_step = layout == MemoryLayout::kContiguous ? pixels : 1;
  const uint8_t* from = image.pixels.data();
  if (channels() == 3) {  // in one go: the picture is read once
    const float *red = tables[0].data(), *green = tables[1].data(), *blue = tables[2].data();
    for (int64_t i = 0; i < pixels; ++i, from += 3, out += pixel_step) {
      out[0] = red[from[0]];
      out[channel_step] = green[from[1]];
      out[2 * channel_step] = blue[from[2]];
    }
    return;
  }
  for (int c = 0; c < channels(); ++c) {
    const float* table = tables[c].data();
    float* to = out + c * channel_step;
    for (int64_t i = 0; i < pixels; ++i) to[i * pixel_step] = table[from[i * channels() + c]];
  }
}

}  // namespace deepmad::data
