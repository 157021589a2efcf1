// A trained network prepared for inference: norms folded into convolutions, activations and additions fused if the device's library
// supports it, channels_last maps. Computes the same function as the network in evaluation mode, up to rounding.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <vector>

#include "mad/network/network_spec.h"
#include "models/inference/folded_sequence.h"
#include "models/inference/layer_clock.h"
#include "models/network/network.h"

namespace deepmad::models {

struct InferenceOptions {
  at::ScalarType dtype = at::kFloat;  // of weights and maps: float32, bfloat16, float16 or float64. The classifier is never below float32.
  int64_t batch = 1;                  // number of images that the weights are laid out for; others work too
};

class InferenceNetwork {
 public:
  // Copies the current weights on the network's device. The network need not outlive this object.
  explicit InferenceNetwork(Network& network, const InferenceOptions& options = {});
  ~InferenceNetwork();
  InferenceNetwork(InferenceNetwork&&) noexcept;

  // images [N, C, H, W] ([N, C, T, H, W] in 3-D), normalised, of any type and layout, on the network's device -> logits [N, classes]
  // float32 (float64 for float64). No gradients. Errors as of Network::Forward. Images keep their values. Several threads may call it at
  // once, without a clock.
  at::Tensor Forward(const at::Tensor& images, LayerClock* clock = nullptr) const;
  // Returns the map of each feature level that the head uses, in the type of the options.
  std::vector<at::Tensor> ForwardFeatures(const at::Tensor& images, LayerClock* clock = nullptr) const;

  const mad::NetworkSpec& spec() const { return spec_; }

 private:
  struct Unit;

  at::Tensor Prepare(const at::Tensor& images, LayerClock* clock) const;
  // With `x_is_free`, the first unit may overwrite its input.
  at::Tensor RunBlock(size_t block, at::Tensor x, bool x_is_free, LayerClock* clock) const;

  mad::NetworkSpec spec_;
  at::ScalarType dtype_;
  std::vector<std::vector<Unit>> blocks_;
  std::vector<mad::FeatureLevel> levels_;
  at::Tensor classifier_weight_, classifier_bias_, classifier_step_;  // the step of a quantised one; undefined where there is none
};

}  // namespace deepmad::models
