#include "models/export/onnx_layers.h"

#include <ATen/ops/scalar_tensor.h>

#include <cmath>
#include <stdexcept>

#include "models/export/onnx_quantiser.h"
#include "models/layers/fold_norm.h"
#include "models/layers/spatial.h"

namespace deepmad::models {
namespace {

// The same on both sides of each axis, first all beginnings, then all ends.
SpatialSizes BothSides(SpatialSizes padding) {
  const SpatialSizes ends = padding;
  padding.insert(padding.end(), ends.begin(), ends.end());
  return padding;
}

bool IsBatchNorm(const mad::Layer<double>& layer) { return layer.kind == mad::LayerKind::kNorm && layer.norm == mad::NormKind::kBatch; }

// `norm`: folded in; nullptr: none.
std::string AddConv(const OnnxContext& context, const mad::Layer<double>& layer, const mad::Layer<double>* norm, const std::string& prefix,
                    const std::string& x) {
  OnnxGraph& graph = context.graph;
  const std::string name = prefix + layer.name;
  ChannelAffine fold;
  if (norm) {
    const auto state = [&](const char* tensor) { return graph.State(prefix + norm->name + tensor); };
    fold = FoldNorm(state(".weight"), state(".bias"), state(".running_mean"), state(".running_var"), context.eps);
  }
  std::vector<std::string> inputs;
  if (layer.bits.Quantised()) {
    inputs = {AddQuantisedInput(graph, name, layer.bits.activation, x), AddQuantisedWeight(graph, name, layer.bits.weight)};
  } else {
    const at::Tensor& weight = graph.State(name + ".weight");
    inputs = {x, graph.AddWeight(name + ".weight", norm ? ScaleOutputChannels(weight, fold.scale) : weight)};
  }
  if (norm) {
    inputs.push_back(graph.AddWeight(name + ".bias", layer.bias ? fold.shift + fold.scale * graph.State(name + ".bias") : fold.shift));
  } else if (layer.bias) {
    inputs.push_back(graph.AddWeight(name + ".bias"));
  }
  const SpatialSizes kernel = SizesOf(layer.kernel, context.spatial_dims);
  return graph.AddNode("Conv", name, inputs,
                       {{"kernel_shape", kernel},
                        {"strides", SizesOf(layer.stride, context.spatial_dims)},
                        {"pads", BothSides(HalfKernel(kernel))},
                        {"group", layer.depthwise ? graph.State(name + ".weight").size(0) : 1}});
}

// Channels behind the axes of the map, and back.
std::vector<int64_t> ChannelsToEnd(int spatial_dims) {
  return spatial_dims == 3 ? std::vector<int64_t>{0, 2, 3, 4, 1} : std::vector<int64_t>{0, 2, 3, 1};
}
std::vector<int64_t> ChannelsToFront(int spatial_dims) {
  return spatial_dims == 3 ? std::vector<int64_t>{0, 4, 1, 2, 3} : std::vector<int64_t>{0, 3, 1, 2};
}

std::string AddLayerNorm(const OnnxContext& context, const mad::Layer<double>& layer, const std::string& prefix, const std::string& x) {
  OnnxGraph& graph = context.graph;
  const std::string name = prefix + layer.name;
  const std::string last = graph.AddNode("Transpose", name + ".channels_last", {x}, {{"perm", ChannelsToEnd(context.spatial_dims)}});
  const std::string norm =
      graph.AddNode("LayerNormalization", name, {last, graph.AddWeight(name + ".weight"), graph.AddWeight(name + ".bias")},
                    {{"epsilon", static_cast<float>(mad::kLayerNormEps)}});
  return graph.AddNode("Transpose", name + ".channels_first", {norm}, {{"perm", ChannelsToFront(context.spatial_dims)}});
}

std::string AddBatchNorm(const OnnxContext& context, const mad::Layer<double>& layer, const std::string& prefix, const std::string& x) {
  const std::string name = prefix + layer.name;
  std::vector<std::string> inputs = {x};
  for (const char* tensor : {".weight", ".bias", ".running_mean", ".running_var"}) inputs.push_back(context.graph.AddWeight(name + tensor));
  return context.graph.AddNode("BatchNormalization", name, inputs, {{"epsilon", static_cast<float>(context.eps)}});
}

std::string AddActivation(OnnxGraph& graph, mad::ActivationKind kind, const std::string& prefix, const std::string& x) {
  const std::string name = prefix + mad::ActivationName(kind);
  switch (kind) {
    case mad::ActivationKind::kNone:
      return x;
    case mad::ActivationKind::kRelu:
      return graph.AddNode("Relu", name, {x});
    case mad::ActivationKind::kRelu6:
      return graph.AddNode("Clip", name,
                           {x, graph.AddWeight("relu6.low", at::scalar_tensor(0)), graph.AddWeight("relu6.high", at::scalar_tensor(6))});
    case mad::ActivationKind::kSilu:
      return graph.AddNode("Mul", name, {x, graph.AddNode("Sigmoid", name + ".sigmoid", {x})});
    case mad::ActivationKind::kSigmoid:
      return graph.AddNode("Sigmoid", name, {x});
    case mad::ActivationKind::kGelu: {  // x (1 + erf(x / sqrt(2))) / 2: the operator itself is of opset 20
      const auto number = [&](const char* what, double value) { return graph.AddWeight(what, at::scalar_tensor(value)); };
      const std::string scaled = graph.AddNode("Mul", name + ".scaled", {x, number("gelu.sqrt_half", std::sqrt(0.5))});
      const std::string erf = graph.AddNode("Erf", name + ".erf", {scaled});
      const std::string factor = graph.AddNode("Add", name + ".factor", {erf, number("gelu.one", 1)});
      return graph.AddNode("Mul", name, {graph.AddNode("Mul", name + ".product", {x, factor}), number("gelu.half", 0.5)});
    }
  }
  throw std::logic_error("activation without ONNX nodes");
}

std::string AddAveragePool(const OnnxContext& context, const mad::Layer<double>& layer, const std::string& prefix, const std::string& x) {
  return context.graph.AddNode("AveragePool", prefix + "average_pool", {x},
                               {{"kernel_shape", SizesOf(layer.kernel, context.spatial_dims)},
                                {"strides", SizesOf(layer.stride, context.spatial_dims)},
                                {"ceil_mode", int64_t{1}},
                                {"count_include_pad", int64_t{0}}});
}

std::string AddMaxPool(const OnnxContext& context, const mad::Layer<double>& layer, const std::string& prefix, const std::string& x) {
  const SpatialSizes kernel = SizesOf(layer.kernel, context.spatial_dims);
  return context.graph.AddNode(
      "MaxPool", prefix + "max_pool", {x},
      {{"kernel_shape", kernel}, {"strides", SizesOf(layer.stride, context.spatial_dims)}, {"pads", BothSides(HalfKernel(kernel))}});
}

// As Attend of models/layers/attention.h.
std::string AddAttention(const OnnxContext& context, const mad::Layer<double>& layer, const mad::Extent& size, const std::string& prefix,
                         const std::string& x) {
  OnnxGraph& graph = context.graph;
  const std::string name = prefix + "attention";
  const auto numbers = [&](const std::string& what, const std::vector<int64_t>& values) {
    return graph.AddNode("Constant", name + what, {}, {{"value_ints", values}});
  };
  const int64_t channels = std::llround(layer.out), heads = mad::AttentionHeads(static_cast<int>(channels));
  const int64_t width = channels / heads;
  const std::string parts = graph.AddNode("Reshape", name + ".parts", {x, numbers(".parts_shape", {-1, 3, heads, width, size.Volume()})});
  const auto part = [&](const char* what, int64_t index) {  // [N, heads, width, positions]
    const std::string number = graph.AddNode("Constant", name + what + "_index", {}, {{"value_int", index}});
    return graph.AddNode("Gather", name + what, {parts, number}, {{"axis", int64_t{1}}});
  };
  const std::vector<int64_t> swap = {0, 1, 3, 2};
  const std::string query = graph.AddNode("Transpose", name + ".q_rows", {part(".q", 0)}, {{"perm", swap}});
  const std::string scale = graph.AddWeight(name + ".scale", at::scalar_tensor(1 / std::sqrt(static_cast<double>(width))));
  const std::string scores =
      graph.AddNode("MatMul", name + ".products", {graph.AddNode("Mul", name + ".scaled", {query, scale}), part(".k", 1)});
  const std::string weights = graph.AddNode("Softmax", name + ".weights", {scores}, {{"axis", int64_t{-1}}});
  const std::string value = graph.AddNode("Transpose", name + ".v_rows", {part(".v", 2)}, {{"perm", swap}});
  const std::string rows = graph.AddNode("MatMul", name + ".rows", {weights, value});
  const std::string mixed = graph.AddNode("Transpose", name + ".columns", {rows}, {{"perm", swap}});
  std::vector<int64_t> shape = {-1, channels};
  for (const int64_t axis : SizesOf(size, context.spatial_dims)) shape.push_back(axis);
  return graph.AddNode("Reshape", name, {mixed, numbers(".shape", shape)});
}

std::string AddLayerScale(const OnnxContext& context, const mad::Layer<double>& layer, const std::string& prefix, const std::string& x) {
  const std::string name = prefix + layer.name;
  SpatialSizes shape(static_cast<size_t>(context.spatial_dims) + 1, 1);
  shape[0] = std::llround(layer.out);
  return context.graph.AddNode("Mul", name,
                               {x, context.graph.AddWeight(name + ".gamma", context.graph.State(name + ".gamma").view(shape))});
}

std::string AddSqueezeExcite(const OnnxContext& context, const mad::Layer<double>& layer, const std::string& prefix, const std::string& x) {
  const std::string name = prefix + layer.name;
  const std::string mean = context.graph.AddNode("GlobalAveragePool", name + ".mean", {x});
  mad::Extent point;
  return context.graph.AddNode("Mul", name, {x, AddLayers(context, mad::SqueezeExciteLayers(layer), prefix, mean, point)});
}

}  // namespace

std::string AddLayers(const OnnxContext& context, const std::vector<mad::Layer<double>>& layers, const std::string& prefix,
                      const std::string& x, mad::Extent& size) {
  std::string result = x;
  for (size_t i = 0; i < layers.size(); ++i) {
    const mad::Layer<double>& layer = layers[i];
    // Not into a quantised one: runtimes would round the bias to whole numbers of the steps, which turns later values by a step.
    const bool folds = context.fold_norms && !layer.bits.Quantised() && i + 1 < layers.size() && IsBatchNorm(layers[i + 1]);
    switch (layer.kind) {
      case mad::LayerKind::kConv:
        result = AddConv(context, layer, folds ? &layers[++i] : nullptr, prefix, result);
        size = mad::OutputSize(size, layer.stride);
        break;
      case mad::LayerKind::kNorm:
        result = IsBatchNorm(layer) ? AddBatchNorm(context, layer, prefix, result) : AddLayerNorm(context, layer, prefix, result);
        break;
      case mad::LayerKind::kActivation:
        result = AddActivation(context.graph, layer.activation, prefix, result);
        break;
      case mad::LayerKind::kSqueezeExcite:
        result = AddSqueezeExcite(context, layer, prefix, result);
        break;
      case mad::LayerKind::kAveragePool:
        result = AddAveragePool(context, layer, prefix, result);
        size = mad::OutputSize(size, layer.stride);
        break;
      case mad::LayerKind::kMaxPool:
        result = AddMaxPool(context, layer, prefix, result);
        size = mad::OutputSize(size, layer.stride);
        break;
      case mad::LayerKind::kAttention:
        result = AddAttention(context, layer, size, prefix, result);
        break;
      case mad::LayerKind::kLayerScale:
        result = AddLayerScale(context, layer, prefix, result);
        break;
    }
  }
  return result;
}

}  // namespace deepmad::models
