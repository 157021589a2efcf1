// What one unit costs and contributes, read off its layers. 1 FLOP = 1 multiply-accumulate everywhere.
#pragma once

#include <cmath>

#include "mad/cost/quantisation_entropy.h"
#include "mad/recipe/walk.h"

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

inline MapSizes PooledMap(const MapSizes& /*maps*/) {
  return {Extent{}, 0};
}  // side 0: the reference leaves squeeze-excite out of its FLOPs
template <typename T>
MapSizes OutputMap(MapSizes maps, const Layer<T>& layer) {
  maps.Shrink(layer.stride);
  return maps;
}

// Whether training keeps the input of a layer beside its result: of an activation that needs it for its derivative, unless the convolution
// before it counts that map already.
template <typename T>
bool KeepsInput(const LayerVisit<T, MapSizes>& visit) {
  if (!TraitsOf(visit.layer.activation).keeps_input) return false;
  const bool behind_layer = visit.path == Path::kMain && visit.before != nullptr && visit.before->kind != LayerKind::kConv;
  return behind_layer || visit.path == Path::kPost;
}

// Adds one layer, without the inner layers of squeeze-excite.
template <typename T>
void CountLayer(const LayerVisit<T, MapSizes>& visit, UnitCount<T>& count) {
  using std::log;
  const Layer<T>& layer = visit.layer;
  const double area = visit.out.TrueArea(), reference_area = visit.out.ReferenceArea();
  switch (layer.kind) {
    case LayerKind::kConv: {
      const T weights = ConvWeights(layer);
      const Bits& bits = layer.bits;
      const T biases = layer.bias ? layer.out : T{};
      count.params += weights + biases;
      count.reference_params += (bits.Quantised() ? weights * T(bits.weight / 8.0) : weights) + biases;
      count.macs += weights * T(area);
      count.reference_flops += weights * T(reference_area * (bits.Quantised() ? bits.activation * bits.weight / 64.0 : 1.0));
      if (bits.Quantised()) count.log_quantisation += QuantisationEntropy(bits);
      count.activations += T(area) * layer.out;  // read again by the norm behind it, alone or in a sum with the shortcut
      if (visit.path == Path::kMain || visit.path == Path::kPost) {
        count.log_width += log(ConvFanIn(layer));
        ++count.layers;
      }
      break;
    }
    case LayerKind::kNorm:
      count.params += T(2) * layer.out;
      count.reference_params += T(2) * layer.out;
      count.reference_flops += T(2 * reference_area) * layer.out;
      // A batch norm and the ReLU behind it keep one result together; this one is read by a convolution.
      if (layer.norm == NormKind::kLayer) count.activations += T(area) * layer.out;
      break;
    case LayerKind::kActivation:
      count.reference_flops += T(reference_area) * layer.out;
      count.activations += T(area) * layer.out;  // read again by the convolution behind it
      if (KeepsInput(visit)) count.activations += T(area) * layer.out;
      break;
    case LayerKind::kAveragePool:
      count.reference_flops += T(visit.in.ReferenceArea()) * layer.out;
      count.activations += T(area) * layer.out;
      break;
    case LayerKind::kMaxPool:
      count.reference_flops += T(visit.in.ReferenceArea()) * layer.out;
      count.activations += T(3 * area) * layer.out;  // with the places of the maxima, of 8 bytes each
      break;
    case LayerKind::kAttention:  // q k^T and its product with v
      count.macs += T(2 * area * area) * layer.out;
      count.reference_flops += T(2 * reference_area * reference_area) * layer.out;
      count.activations += T(area) * layer.out;  // the result; the weights are computed again in the backward pass
      break;
    case LayerKind::kLayerScale:
      count.params += layer.out;
      count.reference_params += layer.out;
      count.reference_flops += T(reference_area) * layer.out;
      count.activations += T(area) * layer.out;
      break;
    case LayerKind::kSqueezeExcite:
      count.activations += T(area) * layer.out;  // the product
      break;
  }
}

// Counts a unit whose input has size `maps`; on return `maps` is the size of its output.
template <typename T>
UnitCount<T> CountUnit(const Unit<T>& unit, MapSizes& maps) {
  UnitCount<T> count;
  for (const Branch<T>& branch : unit) {
    bool projected = false;
    maps = WalkBranch(branch, maps, [&](const LayerVisit<T, MapSizes>& visit) {
      CountLayer(visit, count);
      if (visit.path != Path::kShortcut || visit.layer.kind != LayerKind::kConv || projected) return;
      // The released formula counts one more value per output of a projected shortcut.
      count.reference_flops += T(visit.out.ReferenceArea()) * visit.layer.out;
      projected = true;
    });
    // A branch without an activation at its end gives on what its norm or sum wrote.
    if (branch.post.empty() && !branch.main.empty() && branch.main.back().kind == LayerKind::kNorm)
      count.activations += T(maps.TrueArea()) * branch.main.back().out;
  }
  return count;
}

}  // namespace deepmad::mad
