#include "models/norm/norm_kernels.h"

#include <algorithm>
#include <bit>

#if defined(__x86_64__) && defined(__linux__)
#define DEEPMAD_FASTEST_VERSION __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define DEEPMAD_FASTEST_VERSION
#endif
#define DEEPMAD_INLINE inline __attribute__((always_inline))

namespace deepmad::models {
namespace {

constexpr int64_t kRowsASum = 64;  // tiles added in the elements' own precision before the sum goes to float64

DEEPMAD_INLINE float Load(float value) { return value; }
DEEPMAD_INLINE double Load(double value) { return value; }
DEEPMAD_INLINE float Load(Bfloat16Bits value) { return std::bit_cast<float>(static_cast<uint32_t>(value.bits) << 16); }

DEEPMAD_INLINE void Store(float value, float& target) { target = value; }
DEEPMAD_INLINE void Store(double value, double& target) { target = value; }
DEEPMAD_INLINE void Store(float value, Bfloat16Bits& target) {  // to nearest, ties to even
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  target.bits = static_cast<uint16_t>(value != value ? 0x7fc0 : rounded);
}

template <typename T>
using Arithmetic = typename NormArithmetic<T>::Type;

// Calls body(first element, entries) for runs of at most one tile. Written so that `entries` is the width in all but the last call.
template <typename Body>
DEEPMAD_INLINE void EachTile(int64_t elements, int64_t width, const Body& body) {
  for (int64_t begin = 0; begin < elements; begin += width) body(begin, std::min(width, elements - begin));
}

// Adds pair(element, entry) = (first, second) of all elements. Four tiles at a time, since a sum in memory costs more than an addition.
template <typename A, typename Pair>
DEEPMAD_INLINE NormSums SumPairs(int64_t elements, int64_t width, const Pair& pair) {
  NormSums sums(width);
  std::vector<A> partial(2 * width);
  A* __restrict__ first = partial.data();
  A* __restrict__ second = partial.data() + width;
  const int64_t whole = elements / (4 * width) * 4 * width;
  for (int64_t begin = 0; begin < whole;) {
    const int64_t end = std::min(whole, begin + kRowsASum * width);
    std::fill(partial.begin(), partial.end(), A(0));
    for (; begin < end; begin += 4 * width) {
#pragma GCC ivdep  // no array overlaps another
      for (int64_t i = 0; i < width; ++i) {
        A f[4], s[4];
        for (int64_t k = 0; k < 4; ++k) pair(begin + k * width + i, i, f[k], s[k]);
        first[i] += (f[0] + f[1]) + (f[2] + f[3]);
        second[i] += (s[0] + s[1]) + (s[2] + s[3]);
      }
    }
    for (int64_t i = 0; i < width; ++i) sums.first[i] += first[i];
    for (int64_t i = 0; i < width; ++i) sums.second[i] += second[i];
  }
  EachTile(elements - whole, width, [&](int64_t begin, int64_t entries) {
#pragma GCC ivdep
    for (int64_t i = 0; i < entries; ++i) {
      A f, s;
      pair(whole + begin + i, i, f, s);
      sums.first[i] += f;
      sums.second[i] += s;
    }
  });
  return sums;
}

template <typename T>
DEEPMAD_INLINE NormSums Moments(const NormPiece<T>& piece, const Arithmetic<T>* __restrict__ center) {
  using A = Arithmetic<T>;
  const T* __restrict__ x = piece.input;
  return SumPairs<A>(
      piece.elements, piece.width, [=](int64_t element, int64_t entry, A & first, A & second) __attribute__((always_inline)) {
        first = Load(x[element]) - center[entry];
        second = first * first;
      });
}

template <bool kRelu, bool kResidual, typename T>
DEEPMAD_INLINE void Forward(const NormPiece<T>& piece, const Arithmetic<T>* __restrict__ scale, const Arithmetic<T>* __restrict__ offset,
                            const T* __restrict__ residual, T* __restrict__ output) {
  const T* __restrict__ x = piece.input;
  EachTile(
      piece.elements, piece.width, [=](int64_t begin, int64_t entries) __attribute__((always_inline)) {
#pragma GCC ivdep
        for (int64_t i = 0; i < entries; ++i) {
          Arithmetic<T> y = Load(x[begin + i]) * scale[i] + offset[i];
          if constexpr (kResidual) y += Load(residual[begin + i]);
          if constexpr (kRelu) y = y < 0 ? 0 : y;  // not a number stays one
          Store(y, output[begin + i]);
        }
      });
}

template <typename T>
DEEPMAD_INLINE void ForwardAny(const NormPiece<T>& piece, const Arithmetic<T>* scale, const Arithmetic<T>* offset,
                               const NormTailPointers<T>& tail, T* output) {
  if (tail.relu && tail.residual != nullptr) return Forward<true, true>(piece, scale, offset, tail.residual, output);
  if (tail.relu) return Forward<true, false>(piece, scale, offset, tail.residual, output);
  if (tail.residual != nullptr) return Forward<false, true>(piece, scale, offset, tail.residual, output);
  Forward<false, false>(piece, scale, offset, tail.residual, output);
}

enum class Mask { kNone, kFromInput, kFromOutput };

// The gradient g behind the norm. Holds the pointers one by one, since the vectoriser does not see through a reference to a struct of them.
template <Mask kMask, typename T>
struct GradientBehind {
  using A = Arithmetic<T>;
  GradientBehind(const NormGradient<T>& of, const T* input)
      : x(input), output_gradient(of.output_gradient), scale(of.scale), offset(of.offset), output(of.output) {}

  DEEPMAD_INLINE A operator()(int64_t element, int64_t entry) const {
    const A g = Load(output_gradient[element]);
    if constexpr (kMask == Mask::kFromInput) return Load(x[element]) * scale[entry] + offset[entry] <= 0 ? 0 : g;
    if constexpr (kMask == Mask::kFromOutput) return Load(output[element]) <= 0 ? 0 : g;
    return g;
  }

  const T* __restrict__ x;
  const T* __restrict__ output_gradient;
  const A* __restrict__ scale;
  const A* __restrict__ offset;
  const T* __restrict__ output;
};

template <Mask kMask, typename T>
DEEPMAD_INLINE NormSums Gradients(const NormPiece<T>& piece, const NormGradient<T>& gradient, const Arithmetic<T>* __restrict__ mean) {
  using A = Arithmetic<T>;
  const T* __restrict__ x = piece.input;
  T* __restrict__ written = gradient.gradient;
  const GradientBehind<kMask, T> behind(gradient, x);
  return SumPairs<A>(
      piece.elements, piece.width, [=](int64_t element, int64_t entry, A & first, A & second) __attribute__((always_inline)) {
        first = behind(element, entry);
        if constexpr (kMask == Mask::kFromOutput) Store(first, written[element]);
        second = first * (Load(x[element]) - mean[entry]);
      });
}

template <typename T>
DEEPMAD_INLINE NormSums GradientsAny(const NormPiece<T>& piece, const NormGradient<T>& gradient, const Arithmetic<T>* mean) {
  if (gradient.output != nullptr) return Gradients<Mask::kFromOutput>(piece, gradient, mean);
  if (gradient.scale != nullptr) return Gradients<Mask::kFromInput>(piece, gradient, mean);
  return Gradients<Mask::kNone>(piece, gradient, mean);
}

template <Mask kMask, typename T>
DEEPMAD_INLINE void Backward(const NormPiece<T>& piece, const NormGradient<T>& gradient, const Arithmetic<T>* __restrict__ mean,
                             const Arithmetic<T>* __restrict__ factor, const Arithmetic<T>* __restrict__ mean_gradient,
                             const Arithmetic<T>* __restrict__ slope, T* __restrict__ input_gradient) {
  const T* __restrict__ x = piece.input;
  const GradientBehind<kMask, T> behind(gradient, x);
  EachTile(
      piece.elements, piece.width, [=](int64_t begin, int64_t entries) __attribute__((always_inline)) {
#pragma GCC ivdep
        for (int64_t i = 0; i < entries; ++i) {
          const Arithmetic<T> g = behind(begin + i, i);
          Store(factor[i] * ((g - mean_gradient[i]) - (Load(x[begin + i]) - mean[i]) * slope[i]), input_gradient[begin + i]);
        }
      });
}

template <typename T>
DEEPMAD_INLINE void BackwardAny(const NormPiece<T>& piece, const NormGradient<T>& gradient, const Arithmetic<T>* mean,
                                const Arithmetic<T>* factor, const Arithmetic<T>* mean_gradient, const Arithmetic<T>* slope,
                                T* input_gradient) {
  if (gradient.scale != nullptr) return Backward<Mask::kFromInput>(piece, gradient, mean, factor, mean_gradient, slope, input_gradient);
  Backward<Mask::kNone>(piece, gradient, mean, factor, mean_gradient, slope, input_gradient);
}

}  // namespace

// A template cannot have versions for several machines, so each type gets its functions.
#define DEEPMAD_NORM_KERNELS(T, A)                                                                                                         \
  template <>                                                                                                                              \
  DEEPMAD_FASTEST_VERSION NormSums SumMoments<T>(const NormPiece<T>& piece, const A* center) {                                             \
    return Moments(piece, center);                                                                                                         \
  }                                                                                                                                        \
  template <>                                                                                                                              \
  DEEPMAD_FASTEST_VERSION void NormForward<T>(const NormPiece<T>& piece, const A* scale, const A* offset, const NormTailPointers<T>& tail, \
                                              T* output) {                                                                                 \
    ForwardAny(piece, scale, offset, tail, output);                                                                                        \
  }                                                                                                                                        \
  template <>                                                                                                                              \
  DEEPMAD_FASTEST_VERSION NormSums SumGradients<T>(const NormPiece<T>& piece, const NormGradient<T>& gradient, const A* mean) {            \
    return GradientsAny(piece, gradient, mean);                                                                                            \
  }                                                                                                                                        \
  template <>                                                                                                                              \
  DEEPMAD_FASTEST_VERSION void NormBackward<T>(const NormPiece<T>& piece, const NormGradient<T>& gradient, const A* mean, const A* factor, \
                                               const A* mean_gradient, const A* slope, T* input_gradient) {                                \
    BackwardAny(piece, gradient, mean, factor, mean_gradient, slope, input_gradient);                                                      \
  }
DEEPMAD_NORM_KERNELS(float, float)
DEEPMAD_NORM_KERNELS(double, double)
DEEPMAD_NORM_KERNELS(Bfloat16Bits, float)

}  // namespace deepmad::models
