#include "models/network/backbone.h"

#include <ATen/ops/alias.h>
#include <torch/nn/module.h>

#include <set>

#include "models/layers/module_tree.h"

namespace deepmad::models {
namespace {

// Those of `all` that are not in `seen` yet, which then has them.
std::vector<at::Tensor> Unseen(const std::vector<at::Tensor>& all, std::set<const void*>& seen) {
  std::vector<at::Tensor> fresh;
  for (const at::Tensor& tensor : all) {
    if (seen.insert(tensor.unsafeGetTensorImpl()).second) fresh.push_back(tensor);
  }
  return fresh;
}

}  // namespace

Backbone::Backbone(const mad::NetworkSpec& spec, torch::nn::Module& root, BatchNorms& norms, const std::shared_ptr<DropPaths>& drop_paths)
    : levels_(mad::HeadLevels(spec)), out_channels_(spec.blocks.back().out_channels) {
  std::set<const void*> seen;
  for (const mad::PlacedBlock& block : mad::PlaceBlocks(spec)) {
    std::vector<RecipeUnit>& units = blocks_.emplace_back();
    std::vector<RecomputedPart>& parts = parts_.emplace_back();
    for (const mad::Unit<double>& unit : mad::BlockUnits(block)) {
      std::string path = mad::UnitPrefix(block, static_cast<int>(units.size()));
      if (!path.empty()) path.pop_back();  // the final dot
      torch::nn::Module& container = path.empty() ? root : *ModuleAt(root, path);
      units.emplace_back(unit, LoweringContext{container, spec.SpatialDims(), norms, drop_paths});
      const auto forward = [this, index = block.index, number = parts.size()](const at::Tensor& x) {
        return blocks_[static_cast<size_t>(index)][number].Forward(x);
      };
      parts.push_back({forward, Unseen(container.parameters(), seen), &norms.settings()});
    }
    stages_.push_back(block.stage);
    norms_.push_back(norms.count());
  }
}

at::Tensor Backbone::ForwardBlock(size_t block, at::Tensor x) const {
  for (const RecomputedPart& unit : parts_[block]) x = recompute_ ? Recompute(unit, x) : unit.forward(x);
  return x;
}

at::Tensor Backbone::Forward(const at::Tensor& images) const {
  at::Tensor x = images;
  for (size_t block = 0; block < blocks_.size(); ++block) x = ForwardBlock(block, x);
  return x;
}

std::vector<at::Tensor> Backbone::ForwardFeatures(const at::Tensor& images) const {
  std::vector<at::Tensor> maps;
  at::Tensor x = images;
  for (size_t block = 0; maps.size() < levels_.size(); ++block) {
    x = ForwardBlock(block, x);
    if (levels_[maps.size()].block != static_cast<int>(block)) continue;
    maps.push_back(x);
    // What follows adds up its own gradients first, as a recomputed block does: else the sum would have another order there.
    x = at::alias(x);
  }
  return maps;
}

std::vector<at::Tensor> Backbone::ParametersOf(int stages) const {
  std::vector<at::Tensor> parameters;
  for (size_t block = 0; block < parts_.size() && stages_[block] < stages; ++block) {
    for (const RecomputedPart& unit : parts_[block]) parameters.insert(parameters.end(), unit.parameters.begin(), unit.parameters.end());
  }
  return parameters;
}

size_t Backbone::NormsOf(int stages) const {
  size_t norms = 0;
  for (size_t block = 0; block < parts_.size() && stages_[block] < stages; ++block) norms = norms_[block];
  return norms;
}

std::vector<at::Tensor> Backbone::residual_scales() const {
  std::vector<at::Tensor> scales;
  for (const auto& units : blocks_) {
    for (const RecipeUnit& unit : units) scales.insert(scales.end(), unit.residual_scales().begin(), unit.residual_scales().end());
  }
  return scales;
}

}  // namespace deepmad::models
