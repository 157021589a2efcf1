#include "models/inference/inference_network.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/linear.h>
#include <torch/nn/module.h>

#include <utility>

#include "mad/latency/fused_layers.h"
#include "models/layers/lsq_quantiser.h"

namespace deepmad::models {
namespace {

// Adds a shortcut, in the last convolution of the main path if that can.
class FoldedSum {
 public:
  FoldedSum(const mad::FusedLayer<double>& fused, const std::string& prefix, const FoldingContext& context)
      : relu_(fused.activation == mad::ActivationKind::kRelu) {
    if (fused.op == mad::FusedOp::kAdd) return;
    conv_ = FoldConv(fused, prefix, context);
    name_ = prefix + fused.name;
    kind_ = mad::WorkKind(mad::WorkOf(fused)->shape, context.spatial_dims);
  }

  // With `overwrite`, the result may reuse the memory of the shortcut.
  at::Tensor Forward(const at::Tensor& x, const at::Tensor& shortcut, bool overwrite, LayerClock* clock) const {
    if (!conv_) {
      const at::Tensor sum = x + shortcut;
      return relu_ ? Activate(mad::ActivationKind::kRelu, sum, /*in_place=*/true) : sum;
    }
    // A convolution cannot write over what it reads.
    at::Tensor y = conv_->ForwardAdd(x, shortcut, relu_, overwrite && !x.is_same(shortcut));
    if (clock != nullptr) clock->Done(name_, kind_, conv_->Macs(y));
    return y;
  }

 private:
  bool relu_;
  std::optional<FoldedConv> conv_;
  std::string name_, kind_;
};

// One branch: post(main(x) + shortcut(x)), or main(x).
class FoldedBranch {
 public:
  FoldedBranch(const mad::FusedBranch<double>& plan, const std::string& prefix, const FoldingContext& context)
      : main_(plan.main, prefix, context),
        shortcut_(plan.shortcut, prefix, context),
        post_(plan.post, prefix, context, /*may_overwrite_input=*/true) {
    if (plan.sum) sum_.emplace(*plan.sum, prefix, context);
  }

  at::Tensor Forward(const at::Tensor& x, bool x_is_free, LayerClock* clock) const {
    if (!sum_) return main_.Forward(x, clock);
    const at::Tensor shortcut = shortcut_.Forward(x, clock);
    const at::Tensor y = main_.Forward(x, clock);
    return post_.Forward(sum_->Forward(y, shortcut, x_is_free || !shortcut_.empty(), clock), clock);
  }

 private:
  FoldedSequence main_, shortcut_, post_;
  std::optional<FoldedSum> sum_;
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
      for (const mad::FusedBranch<double>& branch : mad::FusedPlan(recipe, mad::Fusion::kInference, size)) {
        unit.branches.emplace_back(branch, prefix, context);
      }
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
  if (clock != nullptr) clock->Done("input", mad::FusedOpName(mad::FusedOp::kInput), 0);
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
    clock->Done(spec_.head.name, mad::FusedOpName(mad::FusedOp::kClassifier), logits.numel() * classifier_weight_.size(1));
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
