// Which layers of a recipe a pass executes as one operation. Whatever executes, exports or times a unit reads this plan.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "mad/recipe/walk.h"

namespace deepmad::mad {

enum class Fusion {
  kNone,        // each layer alone
  kBatchNorms,  // a batch norm in the convolution before it, unless that is quantised
  kTraining,    // a ReLU, or the sum with the shortcut and the ReLU behind it, in the batch norm before
  kInference,   // batch norm or layer scale, then an activation, or the sum with the shortcut and a ReLU, in the convolution before
};

enum class FusedOp {
  kConv,
  kDepthwise,
  kBatchNorm,
  kLayerNorm,
  kLayerScale,
  kActivation,
  kSqueezeExcite,
  kAveragePool,
  kMaxPool,
  kAttention,
  kQuantise,    // of a convolution's input, only with Fusion::kInference
  kAdd,         // of the shortcut, where no layer does that
  kInput,       // not of a unit: the conversion of a network's input
  kClassifier,  // not of a unit: the average over the last map and the classifier
};
struct FusedOpTraits {
  FusedOp op;
  const char* name;     // in latency tables and in tables for readers
  bool has_kernel;      // and a stride
  bool mixes_channels;  // each output channel depends on all input channels
};

inline constexpr FusedOpTraits kFusedOpTraits[] = {
    {FusedOp::kConv, "conv", true, true},
    {FusedOp::kDepthwise, "depthwise", true, false},
    {FusedOp::kBatchNorm, "batch norm", false, false},
    {FusedOp::kLayerNorm, "layer norm", false, false},
    {FusedOp::kLayerScale, "layer scale", false, false},
    {FusedOp::kActivation, "activation", false, false},
    {FusedOp::kSqueezeExcite, "squeeze-excite", false, true},
    {FusedOp::kAveragePool, "average pool", true, false},
    {FusedOp::kMaxPool, "max pool", true, false},
    {FusedOp::kAttention, "attention", false, false},
    {FusedOp::kQuantise, "quantise", false, false},
    {FusedOp::kAdd, "add", false, false},
    {FusedOp::kInput, "type and layout", false, false},
    {FusedOp::kClassifier, "pool and classifier", false, true},
};

// Throws std::logic_error for an operation without traits.
const FusedOpTraits& TraitsOf(FusedOp op);
const char* FusedOpName(FusedOp op);                                         // "layer norm"
FusedOp FusedOpFromName(const std::string& name, const std::string& where);  // UsageError for an unknown one

// One operation of a pass.
template <typename T>
struct FusedLayer {
  FusedOp op;
  std::string name;                                   // the layer's below the unit, or the operation's where that has none
  Layer<T> layer{};                                   // the first of the layers; a default one for kAdd
  std::optional<Layer<T>> affine = {};                // the batch norm or layer scale folded into a convolution
  ActivationKind activation = ActivationKind::kNone;  // applied to the result; of kActivation, the operation itself
  bool adds_shortcut = false;                         // before the activation
  Extent in{}, out{};                                 // sizes of the map
  std::vector<FusedLayer> inner{};                    // of squeeze-excite, between its average and its product
};

// A branch computes post(sum(main(x), shortcut(x))), or main(x) where there is no sum; post is empty then.
template <typename T>
struct FusedBranch {
  std::vector<FusedLayer<T>> main;
  std::vector<FusedLayer<T>> shortcut;    // empty: x itself
  std::optional<FusedLayer<T>> sum = {};  // runs behind main and adds the shortcut to its result
  std::vector<FusedLayer<T>> post;
};

// Returns how a pass executes consecutive layers. `size` is the size of the input map and is updated to that of the output map.
template <typename T>
std::vector<FusedLayer<T>> FusedSequence(const std::vector<Layer<T>>& layers, Fusion fusion, Extent& size);

// Returns how a pass executes the branches of a unit. `size` is the size of the input map and is updated to that of the output map.
template <typename T>
std::vector<FusedBranch<T>> FusedPlan(const Unit<T>& unit, Fusion fusion, Extent& size);

// From here on: how the plans are made.

template <typename T>
FusedOp FusedOpOf(const Layer<T>& layer) {
  switch (layer.kind) {
    case LayerKind::kConv:
      return layer.depthwise ? FusedOp::kDepthwise : FusedOp::kConv;
    case LayerKind::kNorm:
      return layer.norm == NormKind::kBatch ? FusedOp::kBatchNorm : FusedOp::kLayerNorm;
    case LayerKind::kActivation:
      return FusedOp::kActivation;
    case LayerKind::kSqueezeExcite:
      return FusedOp::kSqueezeExcite;
    case LayerKind::kAveragePool:
      return FusedOp::kAveragePool;
    case LayerKind::kMaxPool:
      return FusedOp::kMaxPool;
    case LayerKind::kAttention:
      return FusedOp::kAttention;
    case LayerKind::kLayerScale:
      return FusedOp::kLayerScale;
  }
  throw std::logic_error("layer of no kind");
}

// The name of an operation whose layer has no tensors, and so no name: "max_pool", "relu".
std::string NameWithoutTensors(FusedOp op, ActivationKind activation);

template <typename T>
FusedLayer<T> Alone(const LayerVisit<T, Extent>& visit) {
  const Layer<T>& layer = visit.layer;
  FusedLayer<T> fused{.op = FusedOpOf(layer), .name = layer.name, .layer = layer, .in = visit.in, .out = visit.out};
  if (fused.op == FusedOp::kActivation) fused.activation = layer.activation;
  if (fused.name.empty()) fused.name = NameWithoutTensors(fused.op, fused.activation);
  return fused;
}

// A convolution, or a batch norm in training, with nothing behind it yet.
template <typename T>
bool TakesMore(Fusion fusion, const FusedLayer<T>& layer) {
  if (layer.activation != ActivationKind::kNone) return false;
  if (fusion == Fusion::kTraining) return layer.op == FusedOp::kBatchNorm;
  return fusion == Fusion::kInference && (layer.op == FusedOp::kConv || layer.op == FusedOp::kDepthwise);
}

template <typename T>
bool IsRelu(const FusedLayer<T>& layer) {
  return layer.op == FusedOp::kActivation && layer.activation == ActivationKind::kRelu;
}

// Whether `before` took `layer` into its operation.
template <typename T>
bool Takes(Fusion fusion, FusedLayer<T>& before, FusedLayer<T>& layer) {
  const bool conv = before.op == FusedOp::kConv || before.op == FusedOp::kDepthwise;
  const bool folds = fusion == Fusion::kInference
                         ? layer.op == FusedOp::kBatchNorm || layer.op == FusedOp::kLayerScale
                         : fusion == Fusion::kBatchNorms && layer.op == FusedOp::kBatchNorm && !before.layer.bits.Quantised();
  if (conv && folds && !before.affine && before.activation == ActivationKind::kNone) {
    before.affine = std::move(layer.layer);
    return true;
  }
  const bool activates = fusion == Fusion::kTraining ? IsRelu(layer) : layer.op == FusedOp::kActivation;
  if (!activates || !TakesMore(fusion, before)) return false;
  before.activation = layer.activation;
  return true;
}

template <typename T>
void AppendFused(Fusion fusion, FusedLayer<T> layer, std::vector<FusedLayer<T>>& layers) {
  if (layer.op == FusedOp::kActivation && layer.activation == ActivationKind::kNone) return;  // does nothing
  if (!layers.empty() && Takes(fusion, layers.back(), layer)) return;
  if (fusion == Fusion::kInference && layer.layer.bits.Quantised()) {
    layers.push_back({.op = FusedOp::kQuantise, .name = layer.name, .layer = layer.layer, .in = layer.in, .out = layer.in});
  }
  layers.push_back(std::move(layer));
}

template <typename T>
std::vector<FusedLayer<T>> FusedSequence(const std::vector<Layer<T>>& layers, Fusion fusion, Extent& size) {
  std::vector<FusedLayer<T>> fused;
  size = WalkLayers(layers, Path::kMain, size, [&](const LayerVisit<T, Extent>& visit) {
    AppendFused(fusion, Alone(visit), visit.path == Path::kInner ? fused.back().inner : fused);
  });
  return fused;
}

// The operation that adds the shortcut: the last of the main path where it can, else an addition.
template <typename T>
FusedLayer<T> TakeSum(Fusion fusion, Extent size, FusedBranch<T>& branch) {
  FusedLayer<T> sum{.op = FusedOp::kAdd, .name = NameWithoutTensors(FusedOp::kAdd, {}), .in = size, .out = size};
  if (!branch.main.empty() && TakesMore(fusion, branch.main.back())) {
    sum = std::move(branch.main.back());
    branch.main.pop_back();
  }
  sum.adds_shortcut = true;
  const bool with_relu = fusion == Fusion::kTraining || fusion == Fusion::kInference;
  if (with_relu && !branch.post.empty() && IsRelu(branch.post.front())) {
    sum.activation = ActivationKind::kRelu;
    branch.post.erase(branch.post.begin());
  }
  return sum;
}

template <typename T>
FusedBranch<T> PlanBranch(const Branch<T>& branch, Fusion fusion, Extent& size) {
  const bool adds = branch.shortcut_kind != ShortcutKind::kNone;
  const Extent in = size;
  FusedBranch<T> plan;
  std::vector<FusedLayer<T>>* path = nullptr;
  size = WalkBranch(branch, size, [&](const LayerVisit<T, Extent>& visit) {
    if (visit.path == Path::kInner) return AppendFused(fusion, Alone(visit), path->back().inner);
    path = visit.path == Path::kShortcut ? &plan.shortcut : visit.path == Path::kPost && adds ? &plan.post : &plan.main;
    AppendFused(fusion, Alone(visit), *path);
  });
  if (adds) plan.sum = TakeSum(fusion, plan.main.empty() ? in : plan.main.back().out, plan);
  return plan;
}

template <typename T>
std::vector<FusedBranch<T>> FusedPlan(const Unit<T>& unit, Fusion fusion, Extent& size) {
  std::vector<FusedBranch<T>> plan;
  for (const Branch<T>& branch : unit) plan.push_back(PlanBranch(branch, fusion, size));
  return plan;
}

}  // namespace deepmad::mad
