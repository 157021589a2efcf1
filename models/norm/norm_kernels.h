// Loops of batch normalisation over maps whose channels lie next to each other (channels_last): `rows` pixels of C channels, one run of
// memory. Each call works on a piece that starts at a pixel. So that few channels fill vectors too, a piece is read in tiles of several
// pixels: per-channel arguments are repeated to `width` entries, a multiple of C, and sums come back per entry of the tile.
//
// The order of additions depends on piece and width alone, and products are rounded before they are added (-ffp-contract=off), so results
// are the same bits whatever vectors the machine has, and the activation's gradient can recompute its input instead of keeping it.
#pragma once

#include <cstdint>
#include <vector>

namespace deepmad::models {

// bfloat16 as it lies in memory: the upper half of a float32.
struct Bfloat16Bits {
  uint16_t bits;
};

template <typename T>
struct NormArithmetic {  // what elements of type T are computed in
  using Type = T;
};
template <>
struct NormArithmetic<Bfloat16Bits> {
  using Type = float;
};

// Elements of one piece.
template <typename T>
struct NormPiece {
  const T* input;
  int64_t elements;  // a multiple of the channels
  int64_t width;     // of a tile
};

// Two sums per entry of the tile.
struct NormSums {
  explicit NormSums(int64_t width) : first(width), second(width) {}
  std::vector<double> first;
  std::vector<double> second;
};

// What lies behind the norm: y = act(x * scale + offset + residual).
template <typename T>
struct NormTailPointers {
  bool relu = false;
  const T* residual = nullptr;  // null: none
};

// Sums of x - center and of its square.
template <typename T>
NormSums SumMoments(const NormPiece<T>& piece, const typename NormArithmetic<T>::Type* center);

template <typename T>
void NormForward(const NormPiece<T>& piece, const typename NormArithmetic<T>::Type* scale, const typename NormArithmetic<T>::Type* offset,
                 const NormTailPointers<T>& tail, T* output);

// How the gradient g behind the norm follows from that of the output.
template <typename T>
struct NormGradient {
  using A = typename NormArithmetic<T>::Type;
  const T* output_gradient;
  const A* scale = nullptr;  // with `offset`: ReLU whose input is x * scale + offset
  const A* offset = nullptr;
  const T* output = nullptr;  // instead of those: ReLU with this result
  T* gradient = nullptr;      // with `output`: where SumGradients writes g
};

// Sums of g and of g * (x - mean).
template <typename T>
NormSums SumGradients(const NormPiece<T>& piece, const NormGradient<T>& gradient, const typename NormArithmetic<T>::Type* mean);

// input gradient = factor * (g - mean_gradient - (x - mean) * slope)
template <typename T>
void NormBackward(const NormPiece<T>& piece, const NormGradient<T>& gradient, const typename NormArithmetic<T>::Type* mean,
                  const typename NormArithmetic<T>::Type* factor, const typename NormArithmetic<T>::Type* mean_gradient,
                  const typename NormArithmetic<T>::Type* slope, T* input_gradient);

}  // namespace deepmad::models
