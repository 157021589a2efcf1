// The operations of a recipe's training plan (mad/recipe/fused_plan.h) as functions on tensors, their parameters registered under the names
// that the recipe gives them.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <vector>

#include "mad/recipe/fused_plan.h"
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

// Registers a batch norm's tensors.
BatchNorm LowerBatchNorm(const mad::Layer<double>& layer, const LoweringContext& context);

// Operations one after the other. Elementwise ones overwrite their input if autograd does not need it. The input of the sequence is
// preserved unless `may_overwrite_input` is set.
class LoweredSequence {
 public:
  // REQUIRES: the layers are of a plan with Fusion::kTraining.
  LoweredSequence(const std::vector<mad::FusedLayer<double>>& layers, const LoweringContext& context, bool may_overwrite_input = false);

  at::Tensor Forward(at::Tensor x) const;
  // Whether the caller may overwrite the result, because nothing else needs its values.
  bool result_is_free() const { return result_is_free_; }

 private:
  std::vector<std::function<at::Tensor(const at::Tensor&)>> steps_;
  bool result_is_free_;
};

}  // namespace deepmad::models
