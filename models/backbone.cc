#include "models/backbone.h"

#include <torch/nn/module.h>

#include "models/module_tree.h"

namespace deepmad::models {
namespace {

at::Tensor ForwardBlock(const std::vector<RecipeUnit>& units, at::Tensor x) {
  for (const RecipeUnit& unit : units) x = unit.Forward(x);
  return x;
}

}  // namespace

Backbone::Backbone(const mad::NetworkSpec& spec, torch::nn::Module& root, BatchNorms& norms)
    : levels_(mad::HeadLevels(spec)), out_channels_(spec.blocks.back().out_channels) {
  for (const mad::PlacedBlock& block : mad::PlaceBlocks(spec)) {
    std::vector<RecipeUnit>& units = blocks_.emplace_back();
    for (const mad::Unit<double>& unit : mad::BlockUnits(block)) {
      std::string path = mad::UnitPrefix(block, static_cast<int>(units.size()));
      if (!path.empty()) path.pop_back();  // the final dot
      torch::nn::Module& container = path.empty() ? root : *ModuleAt(root, path);
      units.emplace_back(unit, LoweringContext{container, spec.SpatialDims(), norms});
    }
  }
}

at::Tensor Backbone::Forward(const at::Tensor& images) const {
  at::Tensor x = images;
  for (const auto& units : blocks_) x = ForwardBlock(units, x);
  return x;
}

std::vector<at::Tensor> Backbone::ForwardFeatures(const at::Tensor& images) const {
  std::vector<at::Tensor> maps;
  at::Tensor x = images;
  for (size_t block = 0; maps.size() < levels_.size(); ++block) {
    x = ForwardBlock(blocks_[block], x);
    if (levels_[maps.size()].block == static_cast<int>(block)) maps.push_back(x);
  }
  return maps;
}

std::vector<at::Tensor> Backbone::residual_scales() const {
  std::vector<at::Tensor> scales;
  for (const auto& units : blocks_) {
    for (const RecipeUnit& unit : units) scales.insert(scales.end(), unit.residual_scales().begin(), unit.residual_scales().end());
  }
  return scales;
}

}  // namespace deepmad::models
