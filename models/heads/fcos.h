// FCOS (Tian et al., "FCOS: fully convolutional one-stage object detection", ICCV 2019), as first published and with its later
// improvements; docs/protocols/detection.md, section 4, has the formulas of both.
#pragma once

#include <vector>

#include "models/heads/detection_head.h"

namespace deepmad::models {

class FcosHead : public DetectionHead {
 public:
  // kPlain: distances exp(scale * raw) in pixels, centreness from the class tower. kImproved: relu(scale * raw) in strides, centreness from
  // the box tower, biases in the towers.
  enum class Version { kPlain, kImproved };

  FcosHead(Version version, const mad::HeadSpec& spec, const std::vector<mad::FeatureLevel>& levels, torch::nn::Module& root);

  std::vector<DetectionMaps> ForwardMaps(const std::vector<at::Tensor>& features) const override;
  double unit(int stride) const override { return plain() ? 1 : stride; }
  DetectOptions detect_options() const override { return {.overlap = plain() ? 0.5 : 0.6}; }

  bool plain() const { return version_ == Version::kPlain; }

 private:
  Version version_;
  MapConv centreness_;
};

}  // namespace deepmad::models
