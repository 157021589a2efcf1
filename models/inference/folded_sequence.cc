#include "models/inference/folded_sequence.h"

#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/avg_pool3d.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/max_pool3d.h>

#include <cmath>
#include <memory>
#include <stdexcept>
#include <utility>

#include "models/layers/attention.h"
#include "models/layers/fold_norm.h"
#include "models/layers/layer_norm.h"
#include "models/layers/lsq_quantiser.h"

namespace deepmad::models {
namespace {

using Layers = std::vector<mad::Layer<double>>;
using Sizes = std::vector<int64_t>;

Sizes SpatialSizes(const mad::Extent& extent, int spatial_dims) {
  return spatial_dims == 3 ? Sizes{extent.t, extent.h, extent.w} : Sizes{extent.h, extent.w};
}

Sizes HalfKernel(const Sizes& kernel) {
  Sizes padding;
  for (const int64_t size : kernel) padding.push_back((size - 1) / 2);
  return padding;
}

std::string KernelName(const std::string& kind, const Sizes& kernel) {
  std::string text = kind;
  for (size_t i = 0; i < kernel.size(); ++i) text += (i == 0 ? " " : "x") + std::to_string(kernel[i]);
  return text;
}

// `affine`: the batch norm or layer scale that is folded in; nullptr: none.
FoldedConv FoldConv(const mad::Layer<double>& conv, const mad::Layer<double>* affine, mad::ActivationKind activation,
                    const std::string& prefix, const FoldingContext& context, const mad::Extent& size) {
  const auto tensor = [&](const std::string& layer, const char* name) { return context.tensors.at(prefix + layer + "." + name); };
  at::Tensor weight = tensor(conv.name, "weight"), bias;
  if (conv.bits.Quantised()) weight = Quantise(weight, tensor(conv.name, "weight_quan.s"), conv.bits.weight);
  if (conv.bias) bias = tensor(conv.name, "bias").to(at::kDouble);
  if (affine != nullptr) {
    const auto own = [&](const char* name) { return tensor(affine->name, name); };
    const ChannelAffine fold = affine->kind == mad::LayerKind::kLayerScale
                                   ? FoldLayerScale(own("gamma"))
                                   : FoldNorm(own("weight"), own("bias"), own("running_mean"), own("running_var"), context.eps);
    weight = ScaleOutputChannels(weight, fold.scale);
    bias = bias.defined() ? fold.shift + fold.scale * bias : fold.shift;
  }
  if (affine == nullptr) weight = weight.clone();  // a copy in any case
  if (bias.defined()) bias = bias.to(context.dtype);
  const Sizes kernel = SpatialSizes(conv.kernel, context.spatial_dims);
  Sizes input = SpatialSizes(size, context.spatial_dims);
  input.insert(input.begin(), {context.batch, std::llround(conv.in)});
  return FoldedConv(weight.to(context.dtype), bias,
                    {SpatialSizes(conv.stride, context.spatial_dims), HalfKernel(kernel), conv.depthwise ? std::llround(conv.in) : 1},
                    activation, input);
}

std::function<at::Tensor(const at::Tensor&)> FoldPool(const mad::Layer<double>& layer, int spatial_dims) {
  const Sizes kernel = SpatialSizes(layer.kernel, spatial_dims), stride = SpatialSizes(layer.stride, spatial_dims);
  const bool in_time = spatial_dims == 3;
  if (layer.kind == mad::LayerKind::kMaxPool) {
    return [=, padding = HalfKernel(kernel)](const at::Tensor& x) {
      return in_time ? at::max_pool3d(x, kernel, stride, padding) : at::max_pool2d(x, kernel, stride, padding);
    };
  }
  return [=](const at::Tensor& x) {
    return in_time ? at::avg_pool3d(x, kernel, stride, 0, /*ceil_mode=*/true, /*count_include_pad=*/false)
                   : at::avg_pool2d(x, kernel, stride, 0, /*ceil_mode=*/true, /*count_include_pad=*/false);
  };
}

}  // namespace

FoldedSequence::FoldedSequence(const Layers& layers, const std::string& prefix, const FoldingContext& context, mad::Extent& size,
                               bool may_overwrite_input) {
  bool fresh = may_overwrite_input;
  for (size_t i = 0; i < layers.size(); ++i) {
    const mad::Layer<double>& layer = layers[i];
    const auto follows = [&](mad::LayerKind kind) { return i + 1 < layers.size() && layers[i + 1].kind == kind; };
    switch (layer.kind) {
      case mad::LayerKind::kConv: {
        const mad::Layer<double>* affine = i + 1 < layers.size() && mad::FoldsIntoConv(layers[i + 1]) ? &layers[++i] : nullptr;
        const mad::ActivationKind activation = follows(mad::LayerKind::kActivation) ? layers[++i].activation : mad::ActivationKind::kNone;
        const std::string name = prefix + layer.name;
        if (layer.bits.Quantised()) {
          const at::Tensor step = context.tensors.at(name + ".act_quan.s").to(context.dtype);
          steps_.push_back(
              {name, "quantise", [step, bits = layer.bits.activation](const at::Tensor& x) { return Quantise(x, step, bits); }});
        }
        FoldedConv conv = FoldConv(layer, affine, activation, prefix, context, size);
        size = mad::OutputSize(size, layer.stride);
        const std::string kind = KernelName(layer.depthwise ? "depthwise" : "conv", SpatialSizes(layer.kernel, context.spatial_dims));
        if (i + 1 == layers.size() && activation == mad::ActivationKind::kNone) {
          last_ = std::move(conv);
          last_name_ = name;
          last_kind_ = kind;
        } else {
          const auto shared = std::make_shared<const FoldedConv>(std::move(conv));
          steps_.push_back({name, kind, [shared](const at::Tensor& x) { return shared->Forward(x); },
                            [shared](const at::Tensor& result) { return shared->Macs(result); }});
        }
        break;
      }
      case mad::LayerKind::kNorm: {
        if (layer.norm == mad::NormKind::kBatch) throw std::logic_error("a batch norm behind no convolution");
        const auto tensor = [&](const char* name) {
          return context.tensors.at(prefix + layer.name + name).to(context.dtype, /*non_blocking=*/false, /*copy=*/true);
        };
        steps_.push_back({prefix + layer.name, "layer norm", [weight = tensor(".weight"), bias = tensor(".bias")](const at::Tensor& x) {
                            return NormaliseChannels(x, weight, bias);
                          }});
        break;
      }
      case mad::LayerKind::kLayerScale:
        throw std::logic_error("a layer scale behind no convolution");
      case mad::LayerKind::kAttention:
        steps_.push_back(
            {prefix + "attention", "attention",
             [heads = mad::AttentionHeads(static_cast<int>(std::llround(layer.out)))](const at::Tensor& x) { return Attend(x, heads); },
             [](const at::Tensor& result) { return 2 * result.numel() * (result.numel() / (result.size(0) * result.size(1))); }});
        break;
      case mad::LayerKind::kActivation:
        if (layer.activation == mad::ActivationKind::kNone) continue;
        steps_.push_back({prefix + mad::ActivationName(layer.activation), "activation",
                          [kind = layer.activation, fresh](const at::Tensor& x) { return Activate(kind, x, fresh); }});
        break;
      case mad::LayerKind::kSqueezeExcite: {
        mad::Extent point;
        const auto gate = std::make_shared<const FoldedSequence>(mad::SqueezeExciteLayers(layer), prefix, context, point);
        const Sizes map_dims = context.spatial_dims == 3 ? Sizes{2, 3, 4} : Sizes{2, 3};
        const auto weights = static_cast<int64_t>(2 * std::llround(layer.out) * std::llround(layer.hidden));
        steps_.push_back({prefix + layer.name, "squeeze-excite",
                          [=](const at::Tensor& x) { return x * gate->Forward(x.mean(map_dims, /*keepdim=*/true), nullptr); },
                          [weights](const at::Tensor& result) { return result.size(0) * weights; }});
        break;
      }
      case mad::LayerKind::kAveragePool:
      case mad::LayerKind::kMaxPool: {
        const bool maximum = layer.kind == mad::LayerKind::kMaxPool;
        steps_.push_back({prefix + (maximum ? "max_pool" : "average_pool"),
                          KernelName(maximum ? "max pool" : "average pool", SpatialSizes(layer.kernel, context.spatial_dims)),
                          FoldPool(layer, context.spatial_dims)});
        size = mad::OutputSize(size, layer.stride);
        break;
      }
    }
    fresh = true;
  }
}

at::Tensor FoldedSequence::RunSteps(at::Tensor x, LayerClock* clock) const {
  for (const Step& step : steps_) {
    x = step.run(x);
    if (clock != nullptr) clock->Done(step.name, step.kind, step.macs ? step.macs(x) : 0);
  }
  return x;
}

at::Tensor FoldedSequence::Forward(at::Tensor x, LayerClock* clock) const {
  x = RunSteps(std::move(x), clock);
  if (!last_) return x;
  x = last_->Forward(x);
  if (clock != nullptr) clock->Done(last_name_, last_kind_, last_->Macs(x));
  return x;
}

at::Tensor FoldedSequence::ForwardAdd(at::Tensor x, const at::Tensor& shortcut, bool relu, bool overwrite, LayerClock* clock) const {
  const at::Tensor input = RunSteps(std::move(x), clock);
  if (!last_) {
    const at::Tensor sum = input + shortcut;
    return relu ? Activate(mad::ActivationKind::kRelu, sum, /*in_place=*/true) : sum;
  }
  // A convolution cannot write over what it reads.
  at::Tensor y = last_->ForwardAdd(input, shortcut, relu, overwrite && !input.is_same(shortcut));
  if (clock != nullptr) clock->Done(last_name_, last_kind_ + " + shortcut", last_->Macs(y));
  return y;
}

}  // namespace deepmad::models
