// 8-bit values to normalised float32.
#pragma once

#include <array>
#include <vector>

#include "data/image/image.h"

namespace deepmad::data {

// Order of the values of one picture: [C][H][W] (contiguous) or [H][W][C] (channels_last).
enum class MemoryLayout { kContiguous, kChannelsLast };

// value -> (value / 255 - mean[c]) / std[c], in float32 steps as the published pipelines do it.
class Normaliser {
 public:
  // One mean and one standard deviation (> 0) a channel, on the [0, 1] scale.
  Normaliser(const std::vector<double>& mean, const std::vector<double>& standard_deviation);

  int channels() const { return static_cast<int>(tables_.size()); }
  // `out` holds height * width * channels values; image.channels must equal channels().
  void Apply(const Image& image, MemoryLayout layout, float* out) const;
  // With added[c] on the [0, 1] scale to every value of channel c before.
  void ApplyAdding(const std::array<float, 3>& added, const Image& image, MemoryLayout layout, float* out) const;

 private:
  using Table = std::array<float, 256>;  // by 8-bit value

  void Apply(const std::vector<Table>& tables, const Image& image, MemoryLayout layout, float* out) const;

  std::vector<float> mean_;
  std::vector<float> std_;
  std::vector<Table> tables_;  // by channel
};

}  // namespace deepmad::data
