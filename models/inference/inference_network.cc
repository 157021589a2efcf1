#include "models/inference/inference_network.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/linear.h>
#include <torch/nn/module.h>

#include <utility>

#include "models/layers/lsq_quantiser.h"

namespace deepmad::models {
namespace {

using Layers = std::vector<mad::Layer<double>>;

bool StartsWithRelu(const Layers& layers) {
  return !layers.empty() && layers.front().kind == mad::LayerKind::kActivation && layers.front().activation == mad::ActivationKind::kRelu;
}

// One residual branch: post(main(x) + shortcut(x)).
class FoldedBranch {
 public:
  FoldedBranch(const mad::Branch<double>& branch, const std::string& prefix, const FoldingContext& context, mad::Extent& size)
      : adds_(branch.shortcut_kind != mad::ShortcutKind::kNone), relu_(adds_ && StartsWithRelu(branch.post)) {
    mad::Extent shortcut_size = size;
    Layers main = branch.main;
    if (!adds_) main.insert(main.end(), branch.post.begin(), branch.post.end());
    main_.emplace(main, prefix, context, size);
    if (!adds_) return;
    shortcut_.emplace(branch.shortcut, prefix, context, shortcut_size);
    post_.emplace(Layers(branch.post.begin() + (relu_ ? 1 : 0), branch.post.end()), prefix, context, size, /*may_overwrite_input=*/true);
  }

  at::Tensor Forward(const at::Tensor& x, bool x_is_free, LayerClock* clock) const {
    if (!adds_) return main_->Forward(x, clock);
    const at::Tensor shortcut = shortcut_->Forward(x, clock);
    return post_->Forward(main_->ForwardAdd(x, shortcut, relu_, x_is_free || !shortcut_->empty(), clock), clock);
  }

 private:
  bool adds_, relu_;
  std::optional<FoldedSequence> main_, shortcut_, post_;
};

FoldingContext ContextOf(Network& network, const InferenceOptions& options) {
  FoldingContext context{{}, network.batch_norm_settings().eps, network.spec().SpatialDims(), options.dtype, options.batch};
  for (const auto& [name, tensor] : network.StateDict()) context.tensors[name] = tensor.detach();
  return context;
}

}  // namespace

struct InferenceNetwork::Unit {
  std::vector<FoldedBranch> branches;
};

InferenceNetwork::InferenceNetwork(Network& network, const InferenceOptions& options)
    : spec_(network.spec()), dtype_(options.dtype), levels_(mad::HeadLevels(spec_)) {
  const at::NoGradGuard no_grad;
  const FoldingContext context = ContextOf(network, options);
  mad::Extent size{spec_.input.frames, spec_.input.height, spec_.input.width};
  for (const mad::PlacedBlock& block : mad::PlaceBlocks(spec_)) {
    std::vector<Unit>& units = blocks_.emplace_back();
    for (const mad::Unit<double>& recipe : mad::BlockUnits(block)) {
      const std::string prefix = mad::UnitPrefix(block, static_cast<int>(units.size()));
      Unit& unit = units.emplace_back();
      for (const mad::Branch<double>& branch : recipe) unit.branches.emplace_back(branch, prefix, context, size);
    }
  }
  if (!spec_.head.IsClassifier()) return;
  const at::ScalarType dtype = dtype_ == at::kDouble ? at::kDouble : at::kFloat;
  const auto tensor = [&](const char* name) {
    return context.tensors.at(spec_.head.name + name).to(dtype, /*non_blocking=*/false, /*copy=*/true);
  };
  classifier_weight_ = tensor(".weight");
  if (spec_.head.bits > 0) {
    classifier_weight_ = Quantise(classifier_weight_, tensor(".weight_quan.s"), spec_.head.bits);
    classifier_step_ = tensor(".act_quan.s");
  }
  classifier_bias_ = tensor(".bias");
}

InferenceNetwork::~InferenceNetwork() = default;
InferenceNetwork::InferenceNetwork(InferenceNetwork&&) noexcept = default;

at::Tensor InferenceNetwork::Prepare(const at::Tensor& images, LayerClock* clock) const {
  CheckImages(spec_, images);
  if (clock != nullptr) clock->StartPass();
  at::Tensor x =
      images.detach().to(dtype_).contiguous(images.dim() == 5 ? at::MemoryFormat::ChannelsLast3d : at::MemoryFormat::ChannelsLast);
  if (clock != nullptr) clock->Done("input", "type and layout", 0);
  return x;
}

at::Tensor InferenceNetwork::RunBlock(size_t block, at::Tensor x, bool x_is_free, LayerClock* clock) const {
  for (const Unit& unit : blocks_[block]) {
    for (const FoldedBranch& branch : unit.branches) {
      x = branch.Forward(x, x_is_free, clock);
      x_is_free = true;
    }
  }
  return x;
}

at::Tensor InferenceNetwork::Forward(const at::Tensor& images, LayerClock* clock) const {
  if (!classifier_weight_.defined()) ThrowNoClassifier(spec_);
  const at::NoGradGuard no_grad;
  at::Tensor x = Prepare(images, clock);
  for (size_t block = 0; block < blocks_.size(); ++block) x = RunBlock(block, x, block > 0, clock);
  const at::Tensor map = x.flatten(2);
  at::Tensor means = map.mean(2, /*keepdim=*/false, classifier_weight_.scalar_type());
  if (classifier_step_.defined()) means = Quantise(means, classifier_step_, spec_.head.bits);
  at::Tensor logits = at::linear(means, classifier_weight_, classifier_bias_);
  if (clock != nullptr) {
    clock->Done(spec_.head.name, "pool and classifier", logits.numel() * classifier_weight_.size(1));
    clock->EndPass();
  }
  return logits;
}

std::vector<at::Tensor> InferenceNetwork::ForwardFeatures(const at::Tensor& images, LayerClock* clock) const {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> maps;
  at::Tensor x = Prepare(images, clock);
  bool x_is_free = false;
  for (size_t block = 0; maps.size() < levels_.size(); ++block) {
    x = RunBlock(block, x, x_is_free, clock);
    x_is_free = levels_[maps.size()].block != static_cast<int>(block);
    if (!x_is_free) maps.push_back(x);
  }
  if (clock != nullptr) clock->EndPass();
  return maps;
}

}  // namespace deepmad::models
