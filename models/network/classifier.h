// The classification head: global average pooling and a linear layer with bias.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "mad/network/network_spec.h"
#include "models/layers/lsq_quantiser.h"

namespace deepmad::models {

class Classifier {
 public:
  // Registers weight [classes, in_channels] and bias [classes] below `root`, in a module named after the head.
  Classifier(int in_channels, const mad::HeadSpec& head, torch::nn::Module& root);

  // [N, in_channels, (T,) H, W] -> logits [N, classes]
  at::Tensor Forward(const at::Tensor& map) const { return OfMeans(Means(map)); }
  // The two steps of Forward(): pooling [N, in_channels, (T,) H, W] -> [N, in_channels], and the linear layer -> [N, classes].
  static at::Tensor Means(const at::Tensor& map);
  at::Tensor OfMeans(const at::Tensor& means) const;

 private:
  at::Tensor weight_;
  at::Tensor bias_;
  std::optional<LsqQuantiser> quantiser_;
};

}  // namespace deepmad::models
