// Executes the operations of a recipe's inference plan (mad/recipe/fused_plan.h).
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "mad/recipe/fused_plan.h"
#include "models/inference/folded_conv.h"
#include "models/inference/layer_clock.h"

namespace deepmad::models {

// The weights that layers are folded from, and what they are folded for.
struct FoldingContext {
  std::map<std::string, at::Tensor> tensors;  // the state_dict
  double eps;                                 // of the norms
  int spatial_dims;                           // 2: maps are [N, C, H, W]; 3: [N, C, T, H, W]
  at::ScalarType dtype;                       // of weights and maps
  int64_t batch;                              // batch size that the weights are laid out for
};

// Returns a convolution of a plan with all that is folded and fused into it. A sum has no activation here: see FoldedConv::ForwardAdd.
// `prefix` precedes the layers' names in the state_dict.
FoldedConv FoldConv(const mad::FusedLayer<double>& fused, const std::string& prefix, const FoldingContext& context);

class FoldedSequence {
 public:
  // REQUIRES: the layers are of a plan with Fusion::kInference. `prefix` precedes their names in the state_dict. `may_overwrite_input`
  // states that nothing else needs the values of the input.
  FoldedSequence(const std::vector<mad::FusedLayer<double>>& layers, const std::string& prefix, const FoldingContext& context,
                 bool may_overwrite_input = false);

  at::Tensor Forward(at::Tensor x, LayerClock* clock) const;

  bool empty() const { return steps_.empty(); }

 private:
  using Function = std::function<at::Tensor(const at::Tensor&)>;
  using MacsOfResult = std::function<int64_t(const at::Tensor&)>;
  struct Step {
    std::string name, kind;
    Function run;
    MacsOfResult macs;  // empty: none
  };
  static Step StepOf(const mad::FusedLayer<double>& fused, const std::string& prefix, const FoldingContext& context, bool may_overwrite);

  std::vector<Step> steps_;
};

}  // namespace deepmad::models
