#include "models/recipe_unit.h"

#include <torch/nn/module.h>

#include <algorithm>

#include "models/module_tree.h"

namespace deepmad::models {

RecipeUnit::RecipeUnit(const mad::Unit<double>& unit, const LoweringContext& context) {
  for (const mad::Branch<double>& branch : unit) {
    const bool adds = branch.shortcut_kind != mad::ShortcutKind::kNone;
    LoweredSequence main(branch.main, context);
    LoweredSequence shortcut(branch.shortcut, context);
    LoweredSequence post(branch.post, context, adds || main.result_is_free());
    branches_.push_back({std::move(main), branch.shortcut_kind, std::move(shortcut), std::move(post)});

    const auto last_norm =
        std::find_if(branch.main.rbegin(), branch.main.rend(), [](const auto& layer) { return layer.kind == mad::LayerKind::kNorm; });
    if (adds && last_norm != branch.main.rend()) {
      residual_scales_.push_back(ModuleAt(context.container, last_norm->name)->named_parameters()["weight"]);
    }
  }
}

at::Tensor RecipeUnit::Forward(at::Tensor x) const {
  for (const LoweredBranch& branch : branches_) {
    at::Tensor y = branch.main.Forward(x);
    if (branch.shortcut_kind != mad::ShortcutKind::kNone) {
      const at::Tensor shortcut = branch.shortcut.Forward(x);
      if (branch.main.result_is_free()) {
        y.add_(shortcut);
      } else {
        y = y + shortcut;
      }
    }
    x = branch.post.Forward(y);
  }
  return x;
}

}  // namespace deepmad::models
