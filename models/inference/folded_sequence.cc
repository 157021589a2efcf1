#include "models/inference/folded_sequence.h"

#include <cmath>
#include <memory>
#include <stdexcept>
#include <utility>

#include "mad/latency/fused_layers.h"
#include "models/layers/attention.h"
#include "models/layers/fold_norm.h"
#include "models/layers/layer_norm.h"
#include "models/layers/lsq_quantiser.h"
#include "models/layers/pool.h"
#include "models/layers/spatial.h"

namespace deepmad::models {

FoldedConv FoldConv(const mad::FusedLayer<double>& fused, const std::string& prefix, const FoldingContext& context) {
  const mad::Layer<double>& conv = fused.layer;
  const auto tensor = [&](const std::string& layer, const char* name) { return context.tensors.at(prefix + layer + "." + name); };
  at::Tensor weight = tensor(conv.name, "weight"), bias;
  if (conv.bits.Quantised()) weight = Quantise(weight, tensor(conv.name, "weight_quan.s"), conv.bits.weight);
  if (conv.bias) bias = tensor(conv.name, "bias").to(at::kDouble);
  if (fused.affine) {
    const auto own = [&](const char* name) { return tensor(fused.affine->name, name); };
    const ChannelAffine fold = fused.affine->kind == mad::LayerKind::kLayerScale
                                   ? FoldLayerScale(own("gamma"))
                                   : FoldNorm(own("weight"), own("bias"), own("running_mean"), own("running_var"), context.eps);
    weight = ScaleOutputChannels(weight, fold.scale);
    bias = bias.defined() ? fold.shift + fold.scale * bias : fold.shift;
  } else {
    weight = weight.clone();  // a copy in any case
  }
  if (bias.defined()) bias = bias.to(context.dtype);
  const SpatialSizes kernel = SizesOf(conv.kernel, context.spatial_dims);
  SpatialSizes input = SizesOf(fused.in, context.spatial_dims);
  input.insert(input.begin(), {context.batch, std::llround(conv.in)});
  return FoldedConv(weight.to(context.dtype), bias,
                    {SizesOf(conv.stride, context.spatial_dims), HalfKernel(kernel), conv.depthwise ? std::llround(conv.in) : 1},
                    fused.adds_shortcut ? mad::ActivationKind::kNone : fused.activation, input);
}

FoldedSequence::Step FoldedSequence::StepOf(const mad::FusedLayer<double>& fused, const std::string& prefix, const FoldingContext& context,
                                            bool may_overwrite) {
  const mad::Layer<double>& layer = fused.layer;
  const auto step = [&](Function run, MacsOfResult macs = {}) {
    const std::string kind = mad::WorkKind(mad::WorkOf(fused)->shape, context.spatial_dims);
    return Step{prefix + fused.name, kind, std::move(run), std::move(macs)};
  };
  const auto tensor = [&](const char* name) {
    return context.tensors.at(prefix + layer.name + name).to(context.dtype, /*non_blocking=*/false, /*copy=*/true);
  };
  switch (fused.op) {
    case mad::FusedOp::kConv:
    case mad::FusedOp::kDepthwise: {
      const auto conv = std::make_shared<const FoldedConv>(FoldConv(fused, prefix, context));
      return step([conv](const at::Tensor& x) { return conv->Forward(x); },
                  [conv](const at::Tensor& result) { return conv->Macs(result); });
    }
    case mad::FusedOp::kQuantise:
      return step([step = context.tensors.at(prefix + layer.name + ".act_quan.s").to(context.dtype),
                   bits = layer.bits.activation](const at::Tensor& x) { return Quantise(x, step, bits); });
    case mad::FusedOp::kLayerNorm:
      return step([weight = tensor(".weight"), bias = tensor(".bias")](const at::Tensor& x) { return NormaliseChannels(x, weight, bias); });
    case mad::FusedOp::kAttention:
      return step(
          [heads = mad::AttentionHeads(static_cast<int>(std::llround(layer.out)))](const at::Tensor& x) { return Attend(x, heads); },
          [](const at::Tensor& result) { return 2 * result.numel() * (result.numel() / (result.size(0) * result.size(1))); });
    case mad::FusedOp::kActivation:
      return step([kind = fused.activation, may_overwrite](const at::Tensor& x) { return Activate(kind, x, may_overwrite); });
    case mad::FusedOp::kSqueezeExcite: {
      const auto gate = std::make_shared<const FoldedSequence>(fused.inner, prefix, context);
      const auto weights = static_cast<int64_t>(2 * std::llround(layer.out) * std::llround(layer.hidden));
      return step([gate](const at::Tensor& x) { return x * gate->Forward(MeanOverMap(x), nullptr); },
                  [weights](const at::Tensor& result) { return result.size(0) * weights; });
    }
    case mad::FusedOp::kAveragePool:
    case mad::FusedOp::kMaxPool:
      return step(PoolFunction(layer, context.spatial_dims));
    case mad::FusedOp::kBatchNorm:
    case mad::FusedOp::kLayerScale:
      throw std::logic_error("a batch norm or layer scale behind no convolution");
    case mad::FusedOp::kAdd:
    case mad::FusedOp::kInput:
    case mad::FusedOp::kClassifier:
      break;
  }
  throw std::logic_error("no step of a sequence");
}

FoldedSequence::FoldedSequence(const std::vector<mad::FusedLayer<double>>& layers, const std::string& prefix, const FoldingContext& context,
                               bool may_overwrite_input) {
  for (const mad::FusedLayer<double>& layer : layers) {
    steps_.push_back(StepOf(layer, prefix, context, may_overwrite_input || !steps_.empty()));
  }
}

at::Tensor FoldedSequence::Forward(at::Tensor x, LayerClock* clock) const {
  for (const Step& step : steps_) {
    x = step.run(x);
    if (clock != nullptr) clock->Done(step.name, step.kind, step.macs ? step.macs(x) : 0);
  }
  return x;
}

}  // namespace deepmad::models
