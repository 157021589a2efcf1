// Executes the layers of a recipe (mad/recipe/layer.h) for inference, with norms and activations fused into convolutions.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "mad/recipe/layer.h"
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

// A sequence of layers in which each convolution absorbs the norm and activation after it.
class FoldedSequence {
 public:
  // `prefix` precedes the layers' names in the state_dict. `size` is the size of the input map and is updated to that of the output map.
  // `may_overwrite_input` states that nothing else needs the values of the input.
  FoldedSequence(const std::vector<mad::Layer<double>>& layers, const std::string& prefix, const FoldingContext& context, mad::Extent& size,
                 bool may_overwrite_input = false);

  at::Tensor Forward(at::Tensor x, LayerClock* clock) const;
  // Returns Forward(x) + shortcut, then ReLU if requested. With `overwrite`, the result may reuse the memory of the shortcut.
  at::Tensor ForwardAdd(at::Tensor x, const at::Tensor& shortcut, bool relu, bool overwrite, LayerClock* clock) const;

  bool empty() const { return steps_.empty() && !last_; }

 private:
  struct Step {
    std::string name, kind;
    std::function<at::Tensor(const at::Tensor&)> run;
    std::function<int64_t(const at::Tensor&)> macs = {};  // of its result
  };
  at::Tensor RunSteps(at::Tensor x, LayerClock* clock) const;

  std::vector<Step> steps_;
  std::optional<FoldedConv> last_;  // a last convolution without activation, which can add a shortcut
  std::string last_name_, last_kind_;
};

}  // namespace deepmad::models
