// Lists the operations that the folded network (models/inference) executes for a unit, under the same names and kinds as its LayerClock.
// Latency tables measure these operations, and a latency model adds up their times.
#pragma once

#include <string>
#include <vector>

#include "mad/network/network_spec.h"
#include "mad/recipe/layer.h"

namespace deepmad::mad {

// Everything that determines a layer's latency except its channel counts. Latency is not smooth in these fields, so each combination is
// measured separately.
struct WorkShape {
  std::string layer;  // "conv", "depthwise", "squeeze-excite", "average pool", "max pool", "activation", "quantise", "layer norm",
                      // "attention"; once per network "type and layout" (input conversion) and "pool and classifier"
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

// Returns whether each output channel depends on all input channels, so that the work has a term proportional to in * out.
bool MixesChannels(const WorkShape& shape);
bool HasKernel(const WorkShape& shape);
// Returns the kind as a LayerClock names it, for example "conv 3x3 + shortcut".
std::string WorkKind(const WorkShape& shape, int spatial_dims);

// Appends the operations of consecutive layers. With `adds_shortcut` a shortcut is added to their result, which a final convolution does in
// the same pass. `size` is the size of the input map and is updated to that of the output map.
template <typename T>
void AppendSequenceWork(const std::vector<Layer<T>>& layers, bool adds_shortcut, Extent& size, std::vector<LayerWork<T>>& work) {
  const auto each_channel = [&](const char* layer, const std::string& name, const T& channels) {
    work.push_back({name, {.layer = layer, .map = size}, channels, channels});
  };
  for (size_t i = 0; i < layers.size(); ++i) {
    const Layer<T>& layer = layers[i];
    const auto follows = [&](LayerKind kind) { return i + 1 < layers.size() && layers[i + 1].kind == kind; };
    switch (layer.kind) {
      case LayerKind::kConv: {
        if (layer.bits.Quantised()) each_channel("quantise", layer.name, layer.in);
        if (i + 1 < layers.size() && FoldsIntoConv(layers[i + 1])) ++i;
        const bool activated = follows(LayerKind::kActivation) && layers[i + 1].activation != ActivationKind::kNone;
        const ActivationKind activation = activated ? layers[i + 1].activation : ActivationKind::kRelu;
        if (follows(LayerKind::kActivation)) ++i;
        size = OutputSize(size, layer.stride);
        const bool adds = adds_shortcut && i + 1 == layers.size() && !activated;
        work.push_back({layer.name,
                        {layer.depthwise ? "depthwise" : "conv", layer.kernel, layer.stride, adds, activation, size},
                        layer.in,
                        layer.out});
        break;
      }
      case LayerKind::kNorm:
        if (layer.norm == NormKind::kLayer) each_channel("layer norm", layer.name, layer.out);
        break;  // a batch norm is folded into the convolution before it
      case LayerKind::kLayerScale:
        break;  // folded into the convolution before it
      case LayerKind::kAttention:
        each_channel("attention", "attention", layer.out);
        break;
      case LayerKind::kActivation:
        if (layer.activation != ActivationKind::kNone) each_channel("activation", ActivationName(layer.activation), layer.out);
        break;
      case LayerKind::kSqueezeExcite:
        work.push_back({layer.name, {.layer = "squeeze-excite", .map = size}, layer.out, layer.hidden});
        break;
      case LayerKind::kAveragePool:
      case LayerKind::kMaxPool: {
        const bool maximum = layer.kind == LayerKind::kMaxPool;
        size = OutputSize(size, layer.stride);
        work.push_back({maximum ? "max_pool" : "average_pool",
                        {.layer = maximum ? "max pool" : "average pool", .kernel = layer.kernel, .stride = layer.stride, .map = size},
                        layer.out,
                        layer.out});
        break;
      }
    }
  }
}

template <typename T>
std::vector<LayerWork<T>> UnitWork(const Unit<T>& unit, Extent& size) {
  std::vector<LayerWork<T>> work;
  for (const Branch<T>& branch : unit) {
    std::vector<Layer<T>> main = branch.main, post = branch.post;
    if (branch.shortcut_kind == ShortcutKind::kNone) {
      main.insert(main.end(), post.begin(), post.end());
      AppendSequenceWork(main, /*adds_shortcut=*/false, size, work);
      continue;
    }
    Extent shortcut_size = size;
    AppendSequenceWork(branch.shortcut, /*adds_shortcut=*/false, shortcut_size, work);
    AppendSequenceWork(main, /*adds_shortcut=*/true, size, work);
    const bool relu_follows =
        !post.empty() && post.front().kind == LayerKind::kActivation && post.front().activation == ActivationKind::kRelu;
    if (relu_follows) post.erase(post.begin());  // in the pass of the addition
    AppendSequenceWork(post, /*adds_shortcut=*/false, size, work);
  }
  return work;
}

// Returns the operations outside the blocks: the conversion of the input and, if there is one, the classifier.
std::vector<LayerWork<double>> WorkAroundBlocks(const NetworkSpec& spec);
// Returns all operations of a network in the order of execution. REQUIRES: the spec is valid.
std::vector<LayerWork<double>> NetworkWork(const NetworkSpec& spec);

}  // namespace deepmad::mad
