// The classification head: global average pool, linear with bias.
#pragma once

#include <ATen/core/Tensor.h>

namespace torch::nn {
class Module;
}

namespace deepmad::models {

class Classifier {
 public:
  static constexpr const char* kName = "fc_linear";

  // Registers fc_linear.weight [classes, in_channels] and fc_linear.bias [classes] below `root`.
  Classifier(int in_channels, int classes, torch::nn::Module& root);

  // [N, in_channels, (T,) H, W] -> logits [N, classes]
  at::Tensor Forward(const at::Tensor& map) const;

 private:
  at::Tensor weight_;
  at::Tensor bias_;
};

}  // namespace deepmad::models
