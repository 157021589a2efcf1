#include "models/network/lowered_unit.h"

#include <ATen/ops/addcmul.h>
#include <ATen/ops/relu.h>
#include <torch/nn/module.h>

#include <algorithm>
#include <utility>

#include "models/layers/module_tree.h"

namespace deepmad::models {

namespace {

// The scale of the last norm or layer scale of a main path; undefined: it has none.
at::Tensor LastScale(const std::vector<mad::Layer<double>>& main, torch::nn::Module& container) {
  const auto last = std::find_if(main.rbegin(), main.rend(), [](const mad::Layer<double>& layer) {
    return layer.kind == mad::LayerKind::kNorm || layer.kind == mad::LayerKind::kLayerScale;
  });
  if (last == main.rend()) return {};
  return ModuleAt(container, last->name)->named_parameters()[last->kind == mad::LayerKind::kNorm ? "weight" : "gamma"];
}

}  // namespace

RecipeUnit::RecipeUnit(const mad::Unit<double>& unit, const LoweringContext& context) : drop_paths_(context.drop_paths) {
  mad::Extent any_size;
  const std::vector<mad::FusedBranch<double>> plan = mad::FusedPlan(unit, mad::Fusion::kTraining, any_size);
  for (size_t i = 0; i < plan.size(); ++i) {
    const mad::FusedBranch<double>& branch = plan[i];
    LoweredSequence main(branch.main, context);
    std::optional<LoweredSum> sum;
    if (branch.sum) {
      std::optional<BatchNorm> norm;
      if (branch.sum->op == mad::FusedOp::kBatchNorm) norm = LowerBatchNorm(branch.sum->layer, context);
      sum = {std::move(norm), LoweredSequence(branch.shortcut, context), branch.sum->activation == mad::ActivationKind::kRelu,
             drop_paths_->AddBranch()};
    }
    LoweredSequence post(branch.post, context, /*may_overwrite_input=*/sum && !sum->relu);
    branches_.push_back({std::move(main), std::move(sum), std::move(post)});

    const at::Tensor scale = branch.sum ? LastScale(unit[i].main, context.container) : at::Tensor();
    if (scale.defined()) residual_scales_.push_back(scale);
  }
}

at::Tensor RecipeUnit::AddShortcut(const LoweredBranch& branch, at::Tensor y, const at::Tensor& x) const {
  const LoweredSum& sum = *branch.sum;
  const at::Tensor shortcut = sum.shortcut.Forward(x);
  const at::Tensor keep = drop_paths_->Keep(sum.drop_branch);
  if (sum.norm && !keep.defined()) return sum.norm->Forward(y, {shortcut, sum.relu});
  if (sum.norm) y = sum.norm->Forward(y);
  if (keep.defined()) {
    y = at::addcmul(shortcut, y, keep.to(y.scalar_type()));
  } else if (branch.main.result_is_free()) {
    y.add_(shortcut);
  } else {
    y = y + shortcut;
  }
  return sum.relu ? at::relu_(y) : y;
}

at::Tensor RecipeUnit::Forward(at::Tensor x) const {
  for (const LoweredBranch& branch : branches_) {
    at::Tensor y = branch.main.Forward(x);
    if (branch.sum) y = AddShortcut(branch, std::move(y), x);
    x = branch.post.Forward(y);
  }
  return x;
}

}  // namespace deepmad::models
