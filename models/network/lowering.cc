#include "models/network/lowering.h"

#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/avg_pool3d.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv3d.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/hardtanh.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/max_pool3d.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/zeros.h>
#include <torch/nn/module.h>

#include <cmath>
#include <memory>
#include <string>

#include "models/layers/attention.h"
#include "models/layers/layer_norm.h"
#include "models/layers/lsq_quantiser.h"
#include "models/layers/module_tree.h"
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

BatchNorm LowerBatchNorm(const mad::Layer<double>& layer, const LoweringContext& context) {
  return context.norms.Add(ModuleAt(context.container, layer.name), Channels(layer.out), layer.name);
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

Function LowerActivation(const mad::Layer<double>& layer, bool in_place) {
  switch (layer.activation) {
    case mad::ActivationKind::kNone:
      return [](const at::Tensor& x) { return x; };
    case mad::ActivationKind::kRelu:
      if (in_place) return [](at::Tensor x) { return at::relu_(x); };
      return [](const at::Tensor& x) { return at::relu(x); };
    case mad::ActivationKind::kRelu6:
      if (in_place) return [](at::Tensor x) { return at::hardtanh_(x, 0, 6); };
      return [](const at::Tensor& x) { return at::hardtanh(x, 0, 6); };
    case mad::ActivationKind::kSilu:  // its gradient needs its input: in place would copy that first
      return [](const at::Tensor& x) { return at::silu(x); };
    case mad::ActivationKind::kGelu:
      return [](const at::Tensor& x) { return at::gelu(x); };
    case mad::ActivationKind::kSigmoid:
      if (in_place) return [](at::Tensor x) { return at::sigmoid_(x); };
      return [](const at::Tensor& x) { return at::sigmoid(x); };
  }
  throw std::logic_error("activation without a lowering");
}

Function LowerAveragePool(const mad::Layer<double>& layer, const LoweringContext& context) {
  const Sizes kernel = SizesOf(layer.kernel, context.spatial_dims);
  const Sizes stride = SizesOf(layer.stride, context.spatial_dims);
  if (context.spatial_dims == 3) {
    return [=](const at::Tensor& x) { return at::avg_pool3d(x, kernel, stride, 0, /*ceil_mode=*/true, /*count_include_pad=*/false); };
  }
  return [=](const at::Tensor& x) { return at::avg_pool2d(x, kernel, stride, 0, /*ceil_mode=*/true, /*count_include_pad=*/false); };
}

Function LowerMaxPool(const mad::Layer<double>& layer, const LoweringContext& context) {
  const Sizes kernel = SizesOf(layer.kernel, context.spatial_dims);
  const Sizes stride = SizesOf(layer.stride, context.spatial_dims);
  const Sizes padding = HalfKernel(kernel);
  if (context.spatial_dims == 3) return [=](const at::Tensor& x) { return at::max_pool3d(x, kernel, stride, padding); };
  return [=](const at::Tensor& x) { return at::max_pool2d(x, kernel, stride, padding); };
}

Function LowerSqueezeExcite(const mad::Layer<double>& layer, const LoweringContext& context) {
  const auto gate = std::make_shared<LoweredSequence>(mad::SqueezeExciteLayers(layer), context);
  const Sizes map_dims = context.spatial_dims == 3 ? Sizes{2, 3, 4} : Sizes{2, 3};
  return [=](const at::Tensor& x) { return x * gate->Forward(x.mean(map_dims, /*keepdim=*/true)); };
}

Function Lower(const mad::Layer<double>& layer, const LoweringContext& context, bool in_place) {
  switch (layer.kind) {
    case mad::LayerKind::kConv:
      return LowerConv(layer, context);
    case mad::LayerKind::kNorm:
      if (layer.norm == mad::NormKind::kLayer) return LowerLayerNorm(layer, context);
      break;  // the sequence lowers a batch norm together with what follows
    case mad::LayerKind::kActivation:
      return LowerActivation(layer, in_place);
    case mad::LayerKind::kSqueezeExcite:
      return LowerSqueezeExcite(layer, context);
    case mad::LayerKind::kAveragePool:
      return LowerAveragePool(layer, context);
    case mad::LayerKind::kMaxPool:
      return LowerMaxPool(layer, context);
    case mad::LayerKind::kAttention:
      return [heads = mad::AttentionHeads(static_cast<int>(Channels(layer.out)))](const at::Tensor& x) { return Attend(x, heads); };
    case mad::LayerKind::kLayerScale:
      return LowerLayerScale(layer, context);
  }
  throw std::logic_error("layer without a lowering");
}

}  // namespace

LoweredSequence::LoweredSequence(const std::vector<mad::Layer<double>>& layers, const LoweringContext& context, bool may_overwrite_input)
    : result_is_free_(may_overwrite_input) {
  for (const mad::Layer<double>& layer : layers) {
    if (last_norm_) {  // is not the last layer after all
      const bool relu = layer.kind == mad::LayerKind::kActivation && layer.activation == mad::ActivationKind::kRelu;
      steps_.push_back([norm = *last_norm_, relu](const at::Tensor& x) { return norm.Forward(x, {.residual = {}, .relu = relu}); });
      last_norm_.reset();
      if (relu) {
        result_is_free_ = false;
        continue;
      }
    }
    if (layer.kind == mad::LayerKind::kNorm && layer.norm == mad::NormKind::kBatch) {
      last_norm_ = LowerBatchNorm(layer, context);
    } else {
      steps_.push_back(Lower(layer, context, result_is_free_));
    }
    // The gradients of convolution, norm, pool and product need their inputs, those of attention and the activations may need their result.
    if (layer.kind == mad::LayerKind::kAttention) {
      result_is_free_ = false;
    } else if (layer.kind != mad::LayerKind::kActivation) {
      result_is_free_ = true;
    } else if (layer.activation != mad::ActivationKind::kNone) {
      result_is_free_ = false;
    }
  }
}

at::Tensor LoweredSequence::ForwardToLastNorm(at::Tensor x) const {
  for (const Function& step : steps_) x = step(x);
  return x;
}

at::Tensor LoweredSequence::Forward(at::Tensor x) const {
  x = ForwardToLastNorm(std::move(x));
  return last_norm_ ? last_norm_->Forward(x) : x;
}

}  // namespace deepmad::models
