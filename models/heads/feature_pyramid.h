// The feature pyramid of one-stage detectors (Lin et al., 2017; levels P6 and P7 as in Tian et al., 2019; docs/protocols/detection.md,
// section 2). Parameters are named as in published checkpoints, below `neck`.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "models/heads/head.h"
#include "models/heads/map_conv.h"

namespace deepmad::models {

class FeaturePyramid {
 public:
  static constexpr size_t kInputs = 3;                                  // C3, C4, C5
  static constexpr std::array<int, 5> kStrides = {8, 16, 32, 64, 128};  // of P3 to P7
  inline static const std::string kPrefix = "neck.";

  // With `relu_before_last`, P7 is the convolution of relu(P6), otherwise of P6.
  FeaturePyramid(const std::array<int, kInputs>& in_channels, int channels, bool relu_before_last, torch::nn::Module& root);

  // Maps of strides 8, 16 and 32, finest first -> five maps [N, channels, H, W]. Their sides need not differ by exact factors of 2.
  std::vector<at::Tensor> Forward(const std::vector<at::Tensor>& features) const;
  // Returns the initial distribution: Xavier uniform, bias 0; nullopt for parameters that are not the pyramid's.
  static std::optional<InitialValues> InitOf(const std::string& parameter);

 private:
  std::vector<MapConv> laterals_;  // 1x1
  std::vector<MapConv> outputs_;   // 3x3: three on the sums, two of stride 2
  bool relu_before_last_;
};

}  // namespace deepmad::models
