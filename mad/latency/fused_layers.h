// The operations of an inference pass whose times latency tables hold and a latency model adds up. Units are executed by the plan of
// mad/recipe/fused_plan.h, as the folded network (models/inference) executes them.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mad/network/network_spec.h"
#include "mad/recipe/fused_plan.h"

namespace deepmad::mad {

// Everything that determines a layer's latency except its channel counts. Latency is not smooth in these fields, so each combination is
// measured separately.
struct WorkShape {
  FusedOp op = FusedOp::kConv;
  Extent kernel{};
  Extent stride{};
  bool adds_shortcut = false;  // the convolution adds the shortcut to its result
  // Activation fused into the convolution. kRelu also stands for none, because both take the same time.
  ActivationKind activation = ActivationKind::kRelu;
  Extent map{};  // size of the output; for classifier and squeeze-excite, of the input

  friend bool operator==(const WorkShape&, const WorkShape&) = default;
};

template <typename T>
struct LayerWork {
  std::string name;  // as in the state_dict
  WorkShape shape;
  T in{};
  T out{};  // output channels; squeeze-excite: hidden channels; elementwise layers: equal to `in`
};

// Returns the kind for readers, for example "conv 3x3 + shortcut".
std::string WorkKind(const WorkShape& shape, int spatial_dims);

// Returns the work of one operation of an inference plan, or nothing if its time belongs to the operation behind it.
template <typename T>
std::optional<LayerWork<T>> WorkOf(const FusedLayer<T>& fused) {
  const Layer<T>& layer = fused.layer;
  switch (fused.op) {
    case FusedOp::kConv:
    case FusedOp::kDepthwise: {
      const ActivationKind activation = fused.activation == ActivationKind::kNone ? ActivationKind::kRelu : fused.activation;
      return LayerWork<T>{
          fused.name, {fused.op, layer.kernel, layer.stride, fused.adds_shortcut, activation, fused.out}, layer.in, layer.out};
    }
    case FusedOp::kAveragePool:
    case FusedOp::kMaxPool:
      return LayerWork<T>{
          fused.name, {.op = fused.op, .kernel = layer.kernel, .stride = layer.stride, .map = fused.out}, layer.out, layer.out};
    case FusedOp::kSqueezeExcite:
      return LayerWork<T>{fused.name, {.op = fused.op, .map = fused.in}, layer.out, layer.hidden};
    case FusedOp::kQuantise:
      return LayerWork<T>{fused.name, {.op = fused.op, .map = fused.out}, layer.in, layer.in};
    case FusedOp::kLayerNorm:
    case FusedOp::kActivation:
    case FusedOp::kAttention:
      return LayerWork<T>{fused.name, {.op = fused.op, .map = fused.out}, layer.out, layer.out};
    case FusedOp::kAdd:
    case FusedOp::kBatchNorm:  // these two are in the convolution before them
    case FusedOp::kLayerScale:
    case FusedOp::kInput:  // these two are of no unit
    case FusedOp::kClassifier:
      return std::nullopt;
  }
  return std::nullopt;
}

// Returns the work of a unit in the order of execution. `size` is the size of the input map and is updated to that of the output map.
template <typename T>
std::vector<LayerWork<T>> UnitWork(const Unit<T>& unit, Extent& size) {
  std::vector<LayerWork<T>> work;
  const auto add = [&](const FusedLayer<T>& layer) {
    if (std::optional<LayerWork<T>> own = WorkOf(layer)) work.push_back(std::move(*own));
  };
  for (const FusedBranch<T>& branch : FusedPlan(unit, Fusion::kInference, size)) {
    for (const FusedLayer<T>& layer : branch.shortcut) add(layer);
    for (const FusedLayer<T>& layer : branch.main) add(layer);
    if (branch.sum) add(*branch.sum);
    for (const FusedLayer<T>& layer : branch.post) add(layer);
  }
  return work;
}

// Returns the operations outside the blocks: the conversion of the input and, if there is one, the classifier.
std::vector<LayerWork<double>> WorkAroundBlocks(const NetworkSpec& spec);
// Returns all operations of a network in the order of execution. REQUIRES: the spec is valid.
std::vector<LayerWork<double>> NetworkWork(const NetworkSpec& spec);

}  // namespace deepmad::mad
