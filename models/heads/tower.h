// The tower of a one-stage detector: four times 3x3 convolution, group norm with 32 groups, ReLU. All levels of the pyramid share its
// weights (docs/protocols/detection.md, section 3).
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "models/heads/map_conv.h"

namespace deepmad::models {

class Tower {
 public:
  static constexpr int kConvolutions = 4;
  static constexpr int kGroups = 32;
  static constexpr double kEps = 1e-5;

  // Registers conv.weight, conv.bias (with `bias`), gn.weight and gn.bias in PATH.0 to PATH.3. REQUIRES: `channels` is a multiple of
  // kGroups.
  Tower(int channels, bool bias, torch::nn::Module& root, const std::string& path);
  // One level of the pyramid, [N, channels, H, W] -> the same shape.
  at::Tensor Forward(at::Tensor x) const;

 private:
  struct Layer {
    MapConv conv;
    at::Tensor scale, offset;  // [channels]
  };
  std::vector<Layer> layers_;
};

}  // namespace deepmad::models
