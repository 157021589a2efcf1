// Base class of one-stage detection heads (FCOS, GFLv2): a feature pyramid and two towers shared by all levels
// (docs/protocols/detection.md, section 3). Parameters are named as in published checkpoints, below `neck` and `bbox_head`.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/boxes/detect.h"
#include "models/heads/feature_pyramid.h"
#include "models/heads/head.h"
#include "models/heads/tower.h"

namespace deepmad::models {

// The predictions on one level, [N, channels, rows, columns]: float32 whatever the precision of the convolutions, or float64 in a float64
// network.
struct DetectionMaps {
  at::Tensor classes;    // K logits
  at::Tensor quality;    // 1 logit: centreness (FCOS) or estimated IoU (GFLv2), which multiplies the scores
  at::Tensor distances;  // 4 distances to the left, top, right and bottom, >= 0, in units of DetectionHead::unit
  at::Tensor bins = {};  // GFLv2: 4 x 17 logits of the distances' distributions; FCOS: undefined
};

class DetectionHead : public Head {
 public:
  // Predicts from three maps of strides 8, 16 and 32. Returns one entry per level, P3 to P7.
  virtual std::vector<DetectionMaps> ForwardMaps(const std::vector<at::Tensor>& features) const = 0;
  // The unit of the distances on a level of this stride, in pixels of the input.
  virtual double unit(int stride) const = 0;
  // The settings for decoding maps into detections.
  virtual DetectOptions detect_options() const = 0;

  // Returns classes, quality and distances of each level in turn; distances in pixels.
  std::vector<at::Tensor> Forward(const std::vector<at::Tensor>& features) const final;
  std::optional<InitialValues> InitOf(const std::string& parameter) const override;
  std::vector<std::string> Prefixes() const final { return {FeaturePyramid::kPrefix, kPrefix}; }

  int64_t classes() const { return classes_; }

 protected:
  struct Options {
    int channels;
    bool tower_bias;
    bool relu_before_last;    // see FeaturePyramid
    std::string class_layer;  // names of the convolutions that predict
    std::string side_layer;
    int side_channels;
  };
  DetectionHead(const mad::HeadSpec& spec, const std::vector<mad::FeatureLevel>& levels, Options options, torch::nn::Module& root);

  // The intermediate results on one level that all heads share.
  struct Level {
    at::Tensor class_map, side_map;  // outputs of the towers
    at::Tensor classes;              // [N, K, rows, columns]
    at::Tensor sides;                // [N, side_channels, rows, columns] times the level's scale
  };
  std::vector<Level> ForwardLevels(const std::vector<at::Tensor>& features) const;

  static inline const std::string kPrefix = "bbox_head.";
  static at::Tensor InFloat(const at::Tensor& map);

 private:
  int64_t classes_;
  std::string class_bias_;  // full name
  FeaturePyramid pyramid_;
  Tower class_tower_, side_tower_;
  MapConv class_conv_, side_conv_;
  std::vector<at::Tensor> scales_;  // [] one a level
};

}  // namespace deepmad::models
