// What one unit costs and contributes, read off its layers. 1 FLOP = 1 multiply-accumulate everywhere.
#pragma once

#include <cmath>

#include "mad/cost/quantisation_entropy.h"
#include "mad/recipe/layer.h"

namespace deepmad::mad {

template <typename T>
struct UnitCount {
  T macs{};  // convolutions, squeeze-excite and the products of attention at true map sizes
  // As the released code counts: convolutions (times both bit widths / 64 where quantised), 2 per normalised value, 1 per activation,
  // pools; no squeeze-excite. What it does not know is counted likewise: the products of attention, 1 per value of a layer scale.
  T reference_flops{};
  T params{};                   // convolution weights and biases, the scale and shift of each norm, layer scales
  T reference_params{};         // the same with quantised weights in bytes
  T activations{};              // values an image that training keeps for the backward pass: see CountLayer
  T log_width{};                // ln of the product over the main path's convolutions of c_in * kernel volume / groups
  double log_quantisation = 0;  // sum over quantised convolutions of QuantisationEntropy (mad/cost/quantisation_entropy.h)
  int layers = 0;               // main path's convolutions
  T latency{};                  // milliseconds of a pass; 0 where no model was given (mad/latency/latency_model.h)
};

// Map sizes before a layer: what the network really has, and what the released FLOPs formula assumes (real division by the stride,
// possibly fractional).
struct MapSizes {
  Extent true_size;
  double reference_side = 0;  // geometric mean of height and width for maps that are not square

  void Shrink(Extent stride) {
    true_size = OutputSize(true_size, stride);
    reference_side /= std::sqrt(static_cast<double>(stride.h) * stride.w);
  }
  double TrueArea() const { return static_cast<double>(true_size.Volume()); }
  double ReferenceArea() const { return reference_side * reference_side * true_size.t; }
};

template <typename T>
T ConvFanIn(const Layer<T>& conv) {
  return conv.depthwise ? T(conv.kernel.Volume()) : conv.in * T(conv.kernel.Volume());
}
template <typename T>
T ConvWeights(const Layer<T>& conv) {
  return ConvFanIn(conv) * conv.out;
}

// Whether a layer is an activation whose derivative is computed from its input, not from its output. Behind a convolution that input is
// counted already.
template <typename T>
bool KeepsInput(const Layer<T>& layer) {
  return layer.kind == LayerKind::kActivation && layer.activation != ActivationKind::kNone && layer.activation != ActivationKind::kRelu &&
         layer.activation != ActivationKind::kSigmoid;
}

// Adds one layer that starts on maps of size `maps` and moves `maps` past it. `in_main_path`: whether it counts as a layer of the network.
template <typename T>
void CountLayer(const Layer<T>& layer, bool in_main_path, MapSizes& maps, UnitCount<T>& count) {
  using std::log;
  switch (layer.kind) {
    case LayerKind::kConv: {
      maps.Shrink(layer.stride);
      const T weights = ConvWeights(layer);
      const Bits& bits = layer.bits;
      const T biases = layer.bias ? layer.out : T{};
      count.params += weights + biases;
      count.reference_params += (bits.Quantised() ? weights * T(bits.weight / 8.0) : weights) + biases;
      count.macs += weights * T(maps.TrueArea());
      count.reference_flops += weights * T(maps.ReferenceArea() * (bits.Quantised() ? bits.activation * bits.weight / 64.0 : 1.0));
      if (bits.Quantised()) count.log_quantisation += QuantisationEntropy(bits);
      count.activations += T(maps.TrueArea()) * layer.out;  // read again by the norm behind it, alone or in a sum with the shortcut
      if (in_main_path) {
        count.log_width += log(ConvFanIn(layer));
        ++count.layers;
      }
      break;
    }
    case LayerKind::kNorm:
      count.params += T(2) * layer.out;
      count.reference_params += T(2) * layer.out;
      count.reference_flops += T(2 * maps.ReferenceArea()) * layer.out;
      // A batch norm and the ReLU behind it keep one result together; this one is read by a convolution.
      if (layer.norm == NormKind::kLayer) count.activations += T(maps.TrueArea()) * layer.out;
      break;
    case LayerKind::kActivation:
      count.reference_flops += T(maps.ReferenceArea()) * layer.out;
      count.activations += T(maps.TrueArea()) * layer.out;  // read again by the convolution behind it
      break;
    case LayerKind::kAveragePool:
    case LayerKind::kMaxPool:
      count.reference_flops += T(maps.ReferenceArea()) * layer.out;
      maps.Shrink(layer.stride);
      // Maxima are kept with their places, of 8 bytes each.
      count.activations += T((layer.kind == LayerKind::kMaxPool ? 3 : 1) * maps.TrueArea()) * layer.out;
      break;
    case LayerKind::kAttention:  // q k^T and its product with v
      count.macs += T(2 * maps.TrueArea() * maps.TrueArea()) * layer.out;
      count.reference_flops += T(2 * maps.ReferenceArea() * maps.ReferenceArea()) * layer.out;
      count.activations += T(maps.TrueArea()) * layer.out;  // the result; the weights are computed again in the backward pass
      break;
    case LayerKind::kLayerScale:
      count.params += layer.out;
      count.reference_params += layer.out;
      count.reference_flops += T(maps.ReferenceArea()) * layer.out;
      count.activations += T(maps.TrueArea()) * layer.out;
      break;
    case LayerKind::kSqueezeExcite: {
      count.activations += T(maps.TrueArea()) * layer.out;  // the product
      MapSizes one{Extent{}, 0};                            // side 0: the reference leaves squeeze-excite out of its FLOPs
      for (const Layer<T>& inner : SqueezeExciteLayers(layer)) CountLayer(inner, /*in_main_path=*/false, one, count);
      break;
    }
  }
}

// Counts a unit whose input has size `maps`; on return `maps` is the size of its output.
template <typename T>
UnitCount<T> CountUnit(const Unit<T>& unit, MapSizes& maps) {
  UnitCount<T> count;
  for (const Branch<T>& branch : unit) {
    MapSizes shortcut_maps = maps;
    const Layer<T>* before = nullptr;
    for (const Layer<T>& layer : branch.main) {
      CountLayer(layer, /*in_main_path=*/true, maps, count);
      if (KeepsInput(layer) && before != nullptr && before->kind != LayerKind::kConv) count.activations += T(maps.TrueArea()) * layer.out;
      before = &layer;
    }
    bool projected = false;
    for (const Layer<T>& layer : branch.shortcut) {
      CountLayer(layer, /*in_main_path=*/false, shortcut_maps, count);
      // The released formula counts one more value per output of a projected shortcut.
      if (layer.kind == LayerKind::kConv && !projected) {
        count.reference_flops += T(shortcut_maps.ReferenceArea()) * layer.out;
        projected = true;
      }
    }
    for (const Layer<T>& layer : branch.post) {
      CountLayer(layer, /*in_main_path=*/true, maps, count);
      if (KeepsInput(layer)) count.activations += T(maps.TrueArea()) * layer.out;
    }
    // A branch without an activation at its end gives on what its norm or sum wrote.
    if (branch.post.empty() && !branch.main.empty() && branch.main.back().kind == LayerKind::kNorm)
      count.activations += T(maps.TrueArea()) * branch.main.back().out;
  }
  return count;
}

}  // namespace deepmad::mad
