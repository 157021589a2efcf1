#include "models/export/onnx_layers.h"

#include <ATen/ops/scalar_tensor.h>

#include <cmath>
#include <stdexcept>

#include "models/export/onnx_activation.h"
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

std::string AddConv(const OnnxContext& context, const mad::FusedLayer<double>& fused, const std::string& prefix, const std::string& x) {
  OnnxGraph& graph = context.graph;
  const mad::Layer<double>& layer = fused.layer;
  const std::optional<mad::Layer<double>>& norm = fused.affine;
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

std::string AddAveragePool(const OnnxContext& context, const mad::Layer<double>& layer, const std::string& name, const std::string& x) {
  return context.graph.AddNode("AveragePool", name, {x},
                               {{"kernel_shape", SizesOf(layer.kernel, context.spatial_dims)},
                                {"strides", SizesOf(layer.stride, context.spatial_dims)},
                                {"ceil_mode", int64_t{1}},
                                {"count_include_pad", int64_t{0}}});
}

std::string AddMaxPool(const OnnxContext& context, const mad::Layer<double>& layer, const std::string& name, const std::string& x) {
  const SpatialSizes kernel = SizesOf(layer.kernel, context.spatial_dims);
  return context.graph.AddNode(
      "MaxPool", name, {x},
      {{"kernel_shape", kernel}, {"strides", SizesOf(layer.stride, context.spatial_dims)}, {"pads", BothSides(HalfKernel(kernel))}});
}

// As Attend of models/layers/attention.h.
std::string AddAttention(const OnnxContext& context, const mad::Layer<double>& layer, const mad::Extent& size, const std::string& name,
                         const std::string& x) {
  OnnxGraph& graph = context.graph;
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

std::string AddSqueezeExcite(const OnnxContext& context, const mad::FusedLayer<double>& fused, const std::string& prefix,
                             const std::string& x) {
  const std::string name = prefix + fused.name;
  const std::string mean = context.graph.AddNode("GlobalAveragePool", name + ".mean", {x});
  return context.graph.AddNode("Mul", name, {x, AddLayers(context, fused.inner, prefix, mean)});
}

std::string AddLayer(const OnnxContext& context, const mad::FusedLayer<double>& fused, const std::string& prefix, const std::string& x) {
  const mad::Layer<double>& layer = fused.layer;
  switch (fused.op) {
    case mad::FusedOp::kConv:
    case mad::FusedOp::kDepthwise:
      return AddConv(context, fused, prefix, x);
    case mad::FusedOp::kBatchNorm:
      return AddBatchNorm(context, layer, prefix, x);
    case mad::FusedOp::kLayerNorm:
      return AddLayerNorm(context, layer, prefix, x);
    case mad::FusedOp::kActivation:
      return AddActivation(context.graph, fused.activation, prefix + fused.name, x);
    case mad::FusedOp::kSqueezeExcite:
      return AddSqueezeExcite(context, fused, prefix, x);
    case mad::FusedOp::kAveragePool:
      return AddAveragePool(context, layer, prefix + fused.name, x);
    case mad::FusedOp::kMaxPool:
      return AddMaxPool(context, layer, prefix + fused.name, x);
    case mad::FusedOp::kAttention:
      return AddAttention(context, layer, fused.in, prefix + fused.name, x);
    case mad::FusedOp::kLayerScale:
      return AddLayerScale(context, layer, prefix, x);
    case mad::FusedOp::kQuantise:
    case mad::FusedOp::kAdd:
    case mad::FusedOp::kInput:
    case mad::FusedOp::kClassifier:
      break;
  }
  throw std::logic_error("operation without ONNX nodes");
}

}  // namespace

std::string AddLayers(const OnnxContext& context, const std::vector<mad::FusedLayer<double>>& layers, const std::string& prefix,
                      const std::string& x) {
  std::string result = x;
  for (const mad::FusedLayer<double>& layer : layers) result = AddLayer(context, layer, prefix, result);
  return result;
}

}  // namespace deepmad::models
