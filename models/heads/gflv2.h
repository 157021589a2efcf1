// Generalised focal loss, second version (Li et al., "Generalized focal loss V2", CVPR 2021): each side of a box is a discrete
// distribution over whole strides, and the shape of the four distributions predicts the box's IoU (docs/protocols/detection.md, section 5).
#pragma once

#include <vector>

#include "models/heads/detection_head.h"

namespace deepmad::models {

class GflHead : public DetectionHead {
 public:
  static constexpr int kBins = 17;           // 0 to 16 strides
  static constexpr int kLargest = 4;         // values of a distribution that the estimator sees, besides their mean
  static constexpr int kQualityHidden = 64;  // of the estimator

  GflHead(const mad::HeadSpec& spec, const std::vector<mad::FeatureLevel>& levels, torch::nn::Module& root);

  std::vector<DetectionMaps> ForwardMaps(const std::vector<at::Tensor>& features) const override;
  double unit(int stride) const override { return stride; }
  DetectOptions detect_options() const override { return {.half_cell = false, .threshold_joint = true}; }

 private:
  MapConv quality_hidden_, quality_out_;
};

}  // namespace deepmad::models
