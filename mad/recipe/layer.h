// The vocabulary in which a block describes itself: composite operations, the residual branches they form, and the unit of branches.
// Everything else (parameters, FLOPs, widths, entropy, gradients, the torch module, weight names, export) is read off these values.
// T is the scalar type of channel counts: double for concrete structures, Dual for derivatives of relaxed ones.
#pragma once

#include <string>
#include <vector>

#include "mad/recipe/activation.h"

namespace deepmad::mad {

// Kernel, stride or map size in time, height, width. 2-D networks keep t = 1.
struct Extent {
  int t = 1;
  int h = 1;
  int w = 1;
  int Volume() const { return t * h * w; }
  friend bool operator==(const Extent&, const Extent&) = default;
};
inline Extent Square(int side, int t = 1) { return {t, side, side}; }

// Bit widths of a convolution's input and weights; 0: not quantised. A quantised convolution (LSQ, arXiv 1902.08153) sees
// q(x, s, b) = clamp(x / s, -2^(b-1), 2^(b-1) - 1) rounded half to even, times s, with one step s for the input and one for each output
// channel's weights.
struct Bits {
  int activation = 0;
  int weight = 0;
  bool Quantised() const { return activation > 0; }
  friend bool operator==(const Bits&, const Bits&) = default;
};

enum class LayerKind { kConv, kNorm, kActivation, kSqueezeExcite, kAveragePool, kMaxPool, kAttention, kLayerScale };
enum class NormKind {
  kBatch,
  kLayer,  // over the channels of each position, eps kLayerNormEps, then a scale and a shift a channel
};
inline constexpr double kLayerNormEps = 1e-6;

// One composite operation. Which fields count depends on `kind`:
//   kConv           in, out, kernel, stride, depthwise, bias, bits; padding (k-1)/2 per axis
//   kNorm           norm, out
//   kActivation     activation, out
//   kSqueezeExcite  out (its input and output), hidden, activation, gate; global average, conv out->hidden, norm, activation,
//                   conv hidden->out, norm, gate, multiply
//   kAveragePool    out, kernel = stride; ceil mode, padding not counted (equal to floor mode wherever the size divides)
//   kMaxPool        out, kernel, stride; padding (k-1)/2 per axis
//   kAttention      out; takes 3 out channels, queries, keys and values, and mixes the positions of the map: softmax(q k^T / sqrt(width of
//                   a head)) v in each of AttentionHeads(out) equal slices of the channels
//   kLayerScale     out; a factor a channel, directly behind a convolution
template <typename T>
struct Layer {
  LayerKind kind;
  std::string name;  // name in the state_dict below the unit, dotted ("conv1.bn1"); empty for layers without tensors
  T in{};
  T out{};
  Extent kernel{};
  Extent stride{};
  bool depthwise = false;  // groups = in = out
  bool bias = false;
  NormKind norm = NormKind::kBatch;
  ActivationKind activation = ActivationKind::kNone;
  ActivationKind gate = ActivationKind::kNone;
  T hidden{};
  Bits bits{};
};

enum class ShortcutKind {
  kNone,      // output = post(main(x))
  kIdentity,  // output = post(main(x) + x)
  kLayers,    // output = post(main(x) + shortcut(x))
};

template <typename T>
struct Branch {
  std::vector<Layer<T>> main;
  ShortcutKind shortcut_kind = ShortcutKind::kNone;
  std::vector<Layer<T>> shortcut;
  std::vector<Layer<T>> post;
};

// A unit applies its branches one after the other. A block is its first unit plus (depth - 1) other units.
template <typename T>
using Unit = std::vector<Branch<T>>;

template <typename T>
Layer<T> Conv(const std::string& name, const T& in, const T& out, Extent kernel, Extent stride = {}) {
  Layer<T> layer{LayerKind::kConv, name};
  layer.in = in;
  layer.out = out;
  layer.kernel = kernel;
  layer.stride = stride;
  return layer;
}

template <typename T>
Layer<T> DepthwiseConv(const std::string& name, const T& channels, Extent kernel, Extent stride = {}) {
  Layer<T> layer = Conv(name, channels, channels, kernel, stride);
  layer.depthwise = true;
  return layer;
}

// The convolution with a bias.
template <typename T>
Layer<T> Biased(Layer<T> conv) {
  conv.bias = true;
  return conv;
}

template <typename T>
Layer<T> BatchNorm(const std::string& name, const T& channels) {
  Layer<T> layer{LayerKind::kNorm, name};
  layer.out = channels;
  return layer;
}

template <typename T>
Layer<T> LayerNorm(const std::string& name, const T& channels) {
  Layer<T> layer = BatchNorm(name, channels);
  layer.norm = NormKind::kLayer;
  return layer;
}

template <typename T>
Layer<T> Activation(ActivationKind kind, const T& channels) {
  Layer<T> layer{LayerKind::kActivation, ""};
  layer.out = channels;
  layer.activation = kind;
  return layer;
}

template <typename T>
Layer<T> AveragePool(const T& channels, Extent kernel) {
  Layer<T> layer{LayerKind::kAveragePool, ""};
  layer.out = channels;
  layer.kernel = kernel;
  layer.stride = kernel;
  return layer;
}

template <typename T>
Layer<T> MaxPool(const T& channels, Extent kernel, Extent stride) {
  Layer<T> layer{LayerKind::kMaxPool, ""};
  layer.out = channels;
  layer.kernel = kernel;
  layer.stride = stride;
  return layer;
}

template <typename T>
Layer<T> SqueezeExcite(const std::string& name, const T& channels, const T& hidden, const SqueezeExciteKinds& kinds = {}) {
  Layer<T> layer{LayerKind::kSqueezeExcite, name};
  layer.out = channels;
  layer.hidden = hidden;
  layer.activation = kinds.hidden;
  layer.gate = kinds.gate;
  return layer;
}

// `channels` of the result: the map that comes in has three times as many.
template <typename T>
Layer<T> Attention(const T& channels) {
  Layer<T> layer{LayerKind::kAttention, ""};
  layer.out = channels;
  return layer;
}

template <typename T>
Layer<T> LayerScale(const std::string& name, const T& channels) {
  Layer<T> layer{LayerKind::kLayerScale, name};
  layer.out = channels;
  return layer;
}

// Heads of an attention layer: as many as leave each at least 32 channels, so any number of channels has some. 96: 3 of 32; 80: 2 of 40.
int AttentionHeads(int channels);

// A squeeze-excite layer as the plain layers between its global average and its multiplication, named below the layer's own name.
template <typename T>
std::vector<Layer<T>> SqueezeExciteLayers(const Layer<T>& layer) {
  return {Conv(layer.name + ".conv1.conv1", layer.out, layer.hidden, Extent{}),
          BatchNorm(layer.name + ".conv1.bn1", layer.hidden),
          Activation(layer.activation, layer.hidden),
          Conv(layer.name + ".conv2.conv1", layer.hidden, layer.out, Extent{}),
          BatchNorm(layer.name + ".conv2.bn1", layer.out),
          Activation(layer.gate, layer.out)};
}

// Output size of one axis: padding (k-1)/2 gives ceil(n / stride) for odd k; pools use ceil mode.
inline int OutputSize(int size, int stride) { return (size + stride - 1) / stride; }
inline Extent OutputSize(Extent size, Extent stride) {
  return {OutputSize(size.t, stride.t), OutputSize(size.h, stride.h), OutputSize(size.w, stride.w)};
}

}  // namespace deepmad::mad
