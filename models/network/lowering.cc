#include "models/network/lowering.h"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv3d.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <torch/nn/module.h>

#include <cmath>
#include <memory>
#include <string>

#include "models/layers/activation.h"
#include "models/layers/attention.h"
#include "models/layers/layer_norm.h"
#include "models/layers/lsq_quantiser.h"
#include "models/layers/module_tree.h"
#include "models/layers/pool.h"
#include "models/layers/spatial.h"

namespace deepmad::models {
namespace {

using Function = std::function<at::Tensor(const at::Tensor&)>;
using Sizes = SpatialSizes;

int64_t Channels(double count) { return std::llround(count); }

Function LowerConv(const mad::Layer<double>& layer, const LoweringContext& context) {
  const int64_t groups = layer.depthwise ? Channels(layer.in) : 1;
  const Sizes kernel = SizesOf(layer.kernel, context.spatial_dims);
  const Sizes stride = SizesOf(layer.stride, context.spatial_dims);
  const Sizes padding = HalfKernel(kernel);
  Sizes shape = {Channels(layer.out), Channels(layer.in) / groups};
  shape.insert(shape.end(), kernel.begin(), kernel.end());
  const auto module = ModuleAt(context.container, layer.name);
  const at::Tensor weight = module->register_parameter("weight", at::zeros(shape));
  const at::Tensor bias = layer.bias ? module->register_parameter("bias", at::zeros({shape[0]})) : at::Tensor();
  const bool in_time = context.spatial_dims == 3;
  const auto convolve = [=](const at::Tensor& x, const at::Tensor& w) {
    return in_time ? at::conv3d(x, w, bias, stride, padding, 1, groups) : at::conv2d(x, w, bias, stride, padding, 1, groups);
  };
  if (!layer.bits.Quantised()) return [=](const at::Tensor& x) { return convolve(x, weight); };
  const LsqQuantiser quantiser(*module, weight, layer.bits);
  return [=](const at::Tensor& x) { return convolve(quantiser.Input(x), quantiser.Weight()); };
}

Function LowerLayerNorm(const mad::Layer<double>& layer, const LoweringContext& context) {
  const auto module = ModuleAt(context.container, layer.name);
  const at::Tensor weight = module->register_parameter("weight", at::ones({Channels(layer.out)}));
  const at::Tensor bias = module->register_parameter("bias", at::zeros({Channels(layer.out)}));
  return [=](const at::Tensor& x) { return NormaliseChannels(x, weight, bias); };
}

// The factors have the type of the map under autocast too.
Function LowerLayerScale(const mad::Layer<double>& layer, const LoweringContext& context) {
  const at::Tensor gamma = ModuleAt(context.container, layer.name)->register_parameter("gamma", at::ones({Channels(layer.out)}));
  Sizes shape(static_cast<size_t>(context.spatial_dims) + 1, 1);
  shape[0] = Channels(layer.out);
  return [=](const at::Tensor& x) { return x * gamma.view(shape).to(x.scalar_type()); };
}

Function LowerSqueezeExcite(const mad::FusedLayer<double>& fused, const LoweringContext& context) {
  const auto gate = std::make_shared<LoweredSequence>(fused.inner, context);
  return [=](const at::Tensor& x) { return x * gate->Forward(MeanOverMap(x)); };
}

Function LowerActivation(mad::ActivationKind kind, bool may_overwrite) {
  const bool in_place = may_overwrite && mad::TraitsOf(kind).trains_in_place;
  return [=](const at::Tensor& x) { return Activate(kind, x, in_place); };
}

Function Lower(const mad::FusedLayer<double>& fused, const LoweringContext& context, bool may_overwrite) {
  const mad::Layer<double>& layer = fused.layer;
  switch (fused.op) {
    case mad::FusedOp::kConv:
    case mad::FusedOp::kDepthwise:
      return LowerConv(layer, context);
    case mad::FusedOp::kBatchNorm:
      return [norm = LowerBatchNorm(layer, context), relu = fused.activation == mad::ActivationKind::kRelu](const at::Tensor& x) {
        return norm.Forward(x, {.residual = {}, .relu = relu});
      };
    case mad::FusedOp::kLayerNorm:
      return LowerLayerNorm(layer, context);
    case mad::FusedOp::kLayerScale:
      return LowerLayerScale(layer, context);
    case mad::FusedOp::kActivation:
      return LowerActivation(fused.activation, may_overwrite);
    case mad::FusedOp::kSqueezeExcite:
      return LowerSqueezeExcite(fused, context);
    case mad::FusedOp::kAveragePool:
    case mad::FusedOp::kMaxPool:
      return PoolFunction(layer, context.spatial_dims);
    case mad::FusedOp::kAttention:
      return [heads = mad::AttentionHeads(static_cast<int>(Channels(layer.out)))](const at::Tensor& x) { return Attend(x, heads); };
    case mad::FusedOp::kQuantise:
    case mad::FusedOp::kAdd:
    case mad::FusedOp::kInput:
    case mad::FusedOp::kClassifier:
      break;
  }
  throw std::logic_error("operation without a lowering");
}

}  // namespace

BatchNorm LowerBatchNorm(const mad::Layer<double>& layer, const LoweringContext& context) {
  return context.norms.Add(ModuleAt(context.container, layer.name), Channels(layer.out), layer.name);
}

LoweredSequence::LoweredSequence(const std::vector<mad::FusedLayer<double>>& layers, const LoweringContext& context,
                                 bool may_overwrite_input)
    : result_is_free_(may_overwrite_input) {
  for (const mad::FusedLayer<double>& layer : layers) {
    steps_.push_back(Lower(layer, context, result_is_free_));
    // The gradients of convolution, norm, pool and product need their inputs, those of attention and the activations may need their result.
    result_is_free_ = layer.op != mad::FusedOp::kAttention && layer.activation == mad::ActivationKind::kNone;
  }
}

at::Tensor LoweredSequence::Forward(at::Tensor x) const {
  for (const Function& step : steps_) x = step(x);
  return x;
}

}  // namespace deepmad::models
