// What a pass of the folded network (models/inference) executes for a unit: one entry a layer, under the name and kind that its clock gives
// it. Latency tables measure these entries and a latency model adds their times up.
#pragma once

#include <string>
#include <vector>

#include "mad/layer.h"
#include "mad/network_spec.h"

namespace deepmad::mad {

// All about a layer but its channel numbers: what its time does not follow smoothly, so that it is measured apart.
struct WorkShape {
  std::string layer;  // "conv", "depthwise", "squeeze-excite", "average pool", "max pool", "activation", "quantise", "layer norm",
                      // "attention", and once a network "type and layout" of the input, "pool and classifier"
  Extent kernel{};
  Extent stride{};
  bool adds_shortcut = false;  // the convolution adds the shortcut to its result
  // What the convolution does with its result in the same pass; ReLU and none are one to the machine.
  ActivationKind activation = ActivationKind::kRelu;
  Extent map{};  // of the output; of the input for the classifier and for squeeze-excite

  friend bool operator==(const WorkShape&, const WorkShape&) = default;
};

template <typename T>
struct LayerWork {
  std::string name;  // as in the state_dict
  WorkShape shape;
  T in{};
  T out{};  // of a squeeze-excite: the hidden channels; equal to `in` where a layer does the same to each channel
};

// Whether each output channel depends on all inputs, so that the work has a part in proportion to in * out.
bool MixesChannels(const WorkShape& shape);
bool HasKernel(const WorkShape& shape);
// As in a LayerClock: "conv 3x3 + shortcut".
std::string WorkKind(const WorkShape& shape, int spatial_dims);

// Layers one after the other; `adds_shortcut`: their sum with something else is wanted, which a last convolution does by itself.
// `size`: of the map that comes in, afterwards of the one that goes out.
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
        break;  // a batch norm is of the convolution before it
      case LayerKind::kLayerScale:
        break;  // of the convolution before it
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

// The input's conversion before the first block; the classifier behind the last, where there is one.
std::vector<LayerWork<double>> WorkAroundBlocks(const NetworkSpec& spec);
// Everything in the order of a pass. Requires a valid spec.
std::vector<LayerWork<double>> NetworkWork(const NetworkSpec& spec);

}  // namespace deepmad::mad
