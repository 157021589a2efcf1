// Executes one unit of a block from its recipe. The only place where branches become computation.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <vector>

#include "mad/recipe/layer.h"
#include "models/network/lowering.h"

namespace deepmad::models {

class RecipeUnit {
 public:
  // Registers the unit's tensors below `context.container`, in the order in which the recipe names them.
  RecipeUnit(const mad::Unit<double>& unit, const LoweringContext& context);

  // Input [N, in, (T,) H, W] -> output [N, out, (T,) H', W'] with H' = ceil(H / stride). Does not modify `x`.
  at::Tensor Forward(at::Tensor x) const;

  // Returns the scale of the last norm or layer scale of each branch with a shortcut. Setting it to 0 makes the branch an identity.
  const std::vector<at::Tensor>& residual_scales() const { return residual_scales_; }

 private:
  struct LoweredSum {
    std::optional<BatchNorm> norm;  // the last of the main path, which adds the shortcut in its pass; nullopt: an addition of its own
    LoweredSequence shortcut;
    bool relu;        // of the sum
    int drop_branch;  // its number in drop_paths_
  };
  struct LoweredBranch {
    LoweredSequence main;
    std::optional<LoweredSum> sum;
    LoweredSequence post;
  };
  at::Tensor AddShortcut(const LoweredBranch& branch, at::Tensor y, const at::Tensor& x) const;

  std::shared_ptr<DropPaths> drop_paths_;
  std::vector<LoweredBranch> branches_;
  std::vector<at::Tensor> residual_scales_;
};

}  // namespace deepmad::models
