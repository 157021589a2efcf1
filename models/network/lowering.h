// The layers of a recipe (mad/recipe/layer.h) as functions on tensors, their parameters registered under the names the recipe gives them.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "mad/recipe/layer.h"
#include "models/layers/batch_norm.h"
#include "models/layers/drop_path.h"

namespace deepmad::models {

// Where the layers register their tensors, and what they share.
struct LoweringContext {
  torch::nn::Module& container;
  int spatial_dims;  // 2: maps are [N, C, H, W]; 3: [N, C, T, H, W]
  BatchNorms& norms;
  const std::shared_ptr<DropPaths>& drop_paths;
};

// A sequence of layers. Elementwise layers overwrite their input if autograd does not need it. The input of the sequence is preserved
// unless `may_overwrite_input` is set.
class LoweredSequence {
 public:
  LoweredSequence(const std::vector<mad::Layer<double>>& layers, const LoweringContext& context, bool may_overwrite_input = false);

  at::Tensor Forward(at::Tensor x) const;
  // Whether the last layer is a batch norm, which can add a shortcut and apply the activation in the same pass. The sequence then runs in
  // two parts.
  bool ends_in_norm() const { return last_norm_.has_value(); }
  at::Tensor ForwardToLastNorm(at::Tensor x) const;
  at::Tensor ForwardLastNorm(const at::Tensor& x, const NormTail& tail) const { return last_norm_->Forward(x, tail); }
  // Whether the caller may overwrite the result, because nothing else needs its values.
  bool result_is_free() const { return result_is_free_; }

 private:
  std::vector<std::function<at::Tensor(const at::Tensor&)>> steps_;  // without last_norm_
  std::optional<BatchNorm> last_norm_;
  bool result_is_free_;
};

}  // namespace deepmad::models
