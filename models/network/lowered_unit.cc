#include "models/network/lowered_unit.h"

#include <ATen/ops/addcmul.h>
#include <ATen/ops/relu.h>
#include <torch/nn/module.h>

#include <algorithm>

#include "models/layers/module_tree.h"

namespace deepmad::models {

RecipeUnit::RecipeUnit(const mad::Unit<double>& unit, const LoweringContext& context) : drop_paths_(context.drop_paths) {
  for (const mad::Branch<double>& branch : unit) {
    const bool adds = branch.shortcut_kind != mad::ShortcutKind::kNone;
    LoweredSequence main(branch.main, context);
    LoweredSequence shortcut(branch.shortcut, context);
    const bool relu_in_norm = main.ends_in_norm() && !branch.post.empty() && branch.post.front().kind == mad::LayerKind::kActivation &&
                              branch.post.front().activation == mad::ActivationKind::kRelu;
    const std::vector<mad::Layer<double>> rest(branch.post.begin() + (relu_in_norm ? 1 : 0), branch.post.end());
    LoweredSequence post(rest, context, !relu_in_norm && (adds || main.result_is_free()));
    branches_.push_back(
        {std::move(main), branch.shortcut_kind, std::move(shortcut), relu_in_norm, std::move(post), adds ? drop_paths_->AddBranch() : -1});

    const auto last_scale = std::find_if(branch.main.rbegin(), branch.main.rend(), [](const auto& layer) {
      return layer.kind == mad::LayerKind::kNorm || layer.kind == mad::LayerKind::kLayerScale;
    });
    if (adds && last_scale != branch.main.rend()) {
      const char* name = last_scale->kind == mad::LayerKind::kNorm ? "weight" : "gamma";
      residual_scales_.push_back(ModuleAt(context.container, last_scale->name)->named_parameters()[name]);
    }
  }
}

at::Tensor RecipeUnit::Forward(at::Tensor x) const {
  for (const LoweredBranch& branch : branches_) {
    const bool adds = branch.shortcut_kind != mad::ShortcutKind::kNone;
    at::Tensor y = branch.main.ForwardToLastNorm(x);
    const at::Tensor shortcut = adds ? branch.shortcut.Forward(x) : at::Tensor();
    if (const at::Tensor keep = adds ? drop_paths_->Keep(branch.drop_branch) : at::Tensor(); keep.defined()) {
      if (branch.main.ends_in_norm()) y = branch.main.ForwardLastNorm(y, {});
      y = at::addcmul(shortcut, y, keep.to(y.scalar_type()));
      if (branch.relu_in_norm) y = at::relu_(y);
    } else if (branch.main.ends_in_norm()) {
      y = branch.main.ForwardLastNorm(y, {shortcut, branch.relu_in_norm});
    } else if (adds && branch.main.result_is_free()) {
      y.add_(shortcut);
    } else if (adds) {
      y = y + shortcut;
    }
    x = branch.post.Forward(y);
  }
  return x;
}

}  // namespace deepmad::models
