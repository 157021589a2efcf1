// UPerNet (Xiao et al., "Unified perceptual parsing for scene understanding", ECCV 2018): pyramid pooling on the last map, a feature
// pyramid over all four, one classifier for each pixel; and the auxiliary head on the third map
// (docs/protocols/segmentation.md, section 3). Parameters are named as in published checkpoints, below `decode_head` and `auxiliary_head`.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "models/heads/head.h"
#include "models/layers/batch_norm.h"

namespace deepmad::models {

struct UPerNetOptions {
  int classes = 150;
  int channels = 512;            // of the pyramid
  int auxiliary_channels = 256;  // of the auxiliary head
};

// Convolution without bias (stride 1, same size), batch norm, ReLU.
class ConvNormRelu {
 public:
  // Registers conv.weight and bn.* in the module at `path` below `root`.
  ConvNormRelu(int in_channels, int out_channels, int kernel, torch::nn::Module& root, const std::string& path, BatchNorms& norms);
  at::Tensor Forward(const at::Tensor& x) const;

 private:
  at::Tensor weight_;  // [out, in, kernel, kernel]
  int64_t padding_;
  BatchNorm norm_;
};

// 1x1 convolution with bias from a feature map to class logits.
class PixelClassifier {
 public:
  PixelClassifier(int in_channels, int classes, torch::nn::Module& root, const std::string& path);
  // `keep` [N, in_channels, 1, 1] holds the factors of channel dropout, or is undefined for no dropout.
  at::Tensor Forward(const at::Tensor& x, const at::Tensor& keep) const;

 private:
  at::Tensor weight_, bias_;
};

class UPerNet : public Head {
 public:
  static constexpr size_t kLevels = 4;
  static constexpr std::array<int64_t, 4> kPoolSizes = {1, 2, 3, 6};

  // `in_channels` are the channels of the maps of strides 4, 8, 16 and 32. Weights are zero until initialised or loaded.
  UPerNet(const UPerNetOptions& options, const std::array<int, kLevels>& in_channels, torch::nn::Module& root, BatchNorms& norms);

  // Four maps of any sizes, finest first -> logits [N, classes, H, W] of the size of the first map. `keep` [N, channels, 1, 1] holds the
  // factors of channel dropout, 0 or 1 / (1 - rate), or is undefined for no dropout. REQUIRES: at least two images in training, because the
  // batch norm after 1x1 pooling needs more than one value per channel.
  at::Tensor ForwardMain(const std::vector<at::Tensor>& features, const at::Tensor& keep = {}) const;
  // Four maps -> auxiliary logits of the size of the third map, for training only. `keep` is [N, auxiliary_channels, 1, 1] or undefined.
  at::Tensor ForwardAuxiliary(const std::vector<at::Tensor>& features, const at::Tensor& keep = {}) const;

  // Returns the main logits, without dropout.
  std::vector<at::Tensor> Forward(const std::vector<at::Tensor>& features) const override { return {ForwardMain(features)}; }
  // The two classifiers start with N(0, 0.01) and bias 0.
  std::optional<InitialValues> InitOf(const std::string& parameter) const override;
  std::vector<std::string> Prefixes() const override;

  const UPerNetOptions& options() const { return options_; }

 private:
  at::Tensor PoolPyramid(const at::Tensor& last) const;

  UPerNetOptions options_;
  std::vector<ConvNormRelu> pooled_;  // one a pool size
  ConvNormRelu bottleneck_;
  std::vector<ConvNormRelu> laterals_, outputs_;  // of the first three maps
  ConvNormRelu fusion_;
  PixelClassifier classifier_;
  ConvNormRelu auxiliary_;
  PixelClassifier auxiliary_classifier_;
};

// Resizes a map [N, C, H, W] to `size` [H, W]: bilinear with half-pixel centres, in the map's type.
at::Tensor ResizeMap(const at::Tensor& map, at::IntArrayRef size);

}  // namespace deepmad::models
