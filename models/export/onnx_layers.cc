#include "models/export/onnx_layers.h"

#include <ATen/ops/scalar_tensor.h>

#include <stdexcept>

#include "models/export/onnx_quantiser.h"
#include "models/fold_norm.h"
#include "models/spatial.h"

namespace deepmad::models {
namespace {

// The same on both sides of each axis, first all beginnings, then all ends.
SpatialSizes BothSides(SpatialSizes padding) {
  const SpatialSizes ends = padding;
  padding.insert(padding.end(), ends.begin(), ends.end());
  return padding;
}

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
  if (norm) inputs.push_back(graph.AddWeight(name + ".bias", fold.shift));
  const SpatialSizes kernel = SizesOf(layer.kernel, context.spatial_dims);
  return graph.AddNode("Conv", name, inputs,
                       {{"kernel_shape", kernel},
                        {"strides", SizesOf(layer.stride, context.spatial_dims)},
                        {"pads", BothSides(HalfKernel(kernel))},
                        {"group", layer.depthwise ? graph.State(name + ".weight").size(0) : 1}});
}

std::string AddNorm(const OnnxContext& context, const mad::Layer<double>& layer, const std::string& prefix, const std::string& x) {
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

std::string AddSqueezeExcite(const OnnxContext& context, const mad::Layer<double>& layer, const std::string& prefix, const std::string& x) {
  const std::string name = prefix + layer.name;
  const std::string mean = context.graph.AddNode("GlobalAveragePool", name + ".mean", {x});
  return context.graph.AddNode("Mul", name, {x, AddLayers(context, mad::SqueezeExciteLayers(layer), prefix, mean)});
}

}  // namespace

std::string AddLayers(const OnnxContext& context, const std::vector<mad::Layer<double>>& layers, const std::string& prefix,
                      const std::string& x) {
  std::string result = x;
  for (size_t i = 0; i < layers.size(); ++i) {
    const mad::Layer<double>& layer = layers[i];
    // Not into a quantised one: runtimes would round the bias to whole numbers of the steps, which turns later values by a step.
    const bool folds =
        context.fold_norms && !layer.bits.Quantised() && i + 1 < layers.size() && layers[i + 1].kind == mad::LayerKind::kNorm;
    switch (layer.kind) {
      case mad::LayerKind::kConv:
        result = AddConv(context, layer, folds ? &layers[++i] : nullptr, prefix, result);
        break;
      case mad::LayerKind::kNorm:
        result = AddNorm(context, layer, prefix, result);
        break;
      case mad::LayerKind::kActivation:
        result = AddActivation(context.graph, layer.activation, prefix, result);
        break;
      case mad::LayerKind::kSqueezeExcite:
        result = AddSqueezeExcite(context, layer, prefix, result);
        break;
      case mad::LayerKind::kAveragePool:
        result = AddAveragePool(context, layer, prefix, result);
        break;
      case mad::LayerKind::kMaxPool:
        result = AddMaxPool(context, layer, prefix, result);
        break;
    }
  }
  return result;
}

}  // namespace deepmad::models
