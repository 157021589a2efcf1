// What one block of threads does in each step of block_work.h: the same text for a GPU and for the processor, where tests run it block by
// block. A Block gives
//   x, y               its place in the grid
//   Each(work)         work(thread) for all kNormThreads threads, and waits for them; nothing is shared between threads but
//   Shared<A>(count)   memory of the block
// All sums have a fixed order. Products are rounded before they are added but for Fma, so compile without contraction.
#pragma once

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>

#include <cmath>

#include "models/norm/block_work.h"

#ifdef __CUDACC__
#define DEEPMAD_ON_DEVICE __device__ __forceinline__
#define DEEPMAD_UNROLL _Pragma("unroll")  // so that arrays of a thread are registers
#else
#define DEEPMAD_ON_DEVICE inline
#define DEEPMAD_UNROLL
#endif

namespace deepmad::models {

template <typename T>
struct BlockArithmetic {
  using Type = float;
};
template <>
struct BlockArithmetic<double> {
  using Type = double;
};

// Bytes of the block's memory that a step takes at most.
template <typename T, int kVector>
constexpr uint32_t kSharedBytes = static_cast<uint32_t>(std::max(2 * kVector * kNormThreads * sizeof(typename BlockArithmetic<T>::Type),
                                                                 (kNormThreads + kMergedChannels) * sizeof(double)));

template <typename T, int kVector>
struct alignas(sizeof(T) * kVector) BlockVector {
  T lane[kVector];
};

DEEPMAD_ON_DEVICE float Fma(float a, float b, float c) { return fmaf(a, b, c); }
DEEPMAD_ON_DEVICE double Fma(double a, double b, double c) { return fma(a, b, c); }

template <typename T, int kVector>
class BlockBody {
 public:
  using A = typename BlockArithmetic<T>::Type;
  using Vector = BlockVector<T, kVector>;

  template <typename Block>
  static DEEPMAD_ON_DEVICE void Moments(Block& block, const NormWork& work) {
    A* const sums = block.template Shared<A>(2 * kVector * kNormThreads);
    block.Each([&](uint32_t thread) {
      const Walk walk(work.shape, block.x, block.y, thread);
      A center[kVector], first[kVector] = {}, second[kVector] = {};
      walk.Center(work, center);
      walk.Rows([&](uint32_t(&)[kAtOnce], auto&& load, auto&& each) {
        Vector x[kAtOnce];
        load(work.x, x);
        each([&](int k) {
          DEEPMAD_UNROLL
          for (int v = 0; v < kVector; ++v) {
            const A difference = static_cast<A>(x[k].lane[v]) - center[v];
            first[v] += difference;
            second[v] += difference * difference;
          }
        });
      });
      Keep(sums, thread, first, second);
    });
    SumThreads(block, work.shape, sums);
    block.Each([&](uint32_t thread) {
      const Walk walk(work.shape, block.x, block.y, thread);
      if (!walk.Leads(thread)) return;
      A center[kVector];
      walk.Center(work, center);
      walk.Partials(work, sums, thread, [&](uint32_t v, A first, A second, A& mean, A& deviations) {
        const A offset = first / walk.Elements();
        const A squares = second - first * offset;
        mean = center[v] + offset;
        deviations = squares < 0 ? A(0) : squares;  // not a number stays one
      });
    });
  }

  template <typename Block>
  static DEEPMAD_ON_DEVICE void Forward(Block& block, const NormWork& work) {
    block.Each([&](uint32_t thread) {
      const Walk walk(work.shape, block.x, block.y, thread);
      const Affine affine(work, walk);
      walk.Rows([&](uint32_t(&index)[kAtOnce], auto&& load, auto&& each) {
        Vector x[kAtOnce], residual[kAtOnce];
        load(work.x, x);
        if (work.residual != nullptr) load(work.residual, residual);
        each([&](int k) {
          Vector y;
          DEEPMAD_UNROLL
          for (int v = 0; v < kVector; ++v) {
            A value = affine(x[k].lane[v], v);
            if (work.residual != nullptr) value += static_cast<A>(residual[k].lane[v]);
            if (work.relu) value = value < 0 ? A(0) : value;  // not a number stays one
            y.lane[v] = static_cast<T>(value);
          }
          static_cast<Vector*>(work.result)[index[k]] = y;
        });
      });
    });
  }

  template <typename Block>
  static DEEPMAD_ON_DEVICE void Sums(Block& block, const NormWork& work) {
    A* const sums = block.template Shared<A>(2 * kVector * kNormThreads);
    block.Each([&](uint32_t thread) {
      const Walk walk(work.shape, block.x, block.y, thread);
      const Affine affine(work, walk);
      A first[kVector] = {}, second[kVector] = {};
      walk.Rows([&](uint32_t(&index)[kAtOnce], auto&& load, auto&& each) {
        Vector x[kAtOnce], gradient[kAtOnce], output[kAtOnce];
        load(work.x, x);
        load(work.output_gradient, gradient);
        if (work.output != nullptr) load(work.output, output);
        each([&](int k) {
          Vector behind;
          DEEPMAD_UNROLL
          for (int v = 0; v < kVector; ++v) {
            A g = affine.Behind(work, x[k].lane[v], gradient[k].lane[v], v);
            if (work.output != nullptr) g = static_cast<A>(output[k].lane[v]) <= 0 ? A(0) : g;
            behind.lane[v] = static_cast<T>(g);
            first[v] += g;
            second[v] += g * (static_cast<A>(x[k].lane[v]) - affine.mean[v]);
          }
          if (work.output != nullptr) static_cast<Vector*>(work.result)[index[k]] = behind;
        });
      });
      Keep(sums, thread, first, second);
    });
    SumThreads(block, work.shape, sums);
    block.Each([&](uint32_t thread) {
      const Walk walk(work.shape, block.x, block.y, thread);
      if (!walk.Leads(thread)) return;
      walk.Partials(work, sums, thread, [](uint32_t, A first, A second, A& g, A& along) {
        g = first;
        along = second;
      });
    });
  }

  template <typename Block>
  static DEEPMAD_ON_DEVICE void Backward(Block& block, const NormWork& work) {
    block.Each([&](uint32_t thread) {
      const Walk walk(work.shape, block.x, block.y, thread);
      const Affine affine(work, walk);
      const A* const slopes = static_cast<const A*>(work.slopes);
      A level[kVector], slope[kVector];
      DEEPMAD_UNROLL
      for (int v = 0; v < kVector; ++v) {
        level[v] = slopes[walk.Channel(v)];
        slope[v] = slopes[work.shape.channels + walk.Channel(v)];
      }
      walk.Rows([&](uint32_t(&index)[kAtOnce], auto&& load, auto&& each) {
        Vector x[kAtOnce], gradient[kAtOnce];
        load(work.x, x);
        load(work.output_gradient, gradient);
        each([&](int k) {
          Vector result;
          DEEPMAD_UNROLL
          for (int v = 0; v < kVector; ++v) {
            const A g = affine.Behind(work, x[k].lane[v], gradient[k].lane[v], v);
            const A deviation = static_cast<A>(x[k].lane[v]) - affine.mean[v];
            result.lane[v] = static_cast<T>(affine.scale[v] * ((g - level[v]) - deviation * slope[v]));
          }
          static_cast<Vector*>(work.result)[index[k]] = result;
        });
      });
    });
  }

 private:
  static constexpr int kAtOnce =
      kVector < 8 ? 4 : 2;  // rows whose loads are under way together; more of the longest vectors take too many registers

  // The rows and columns of one thread: tile columns next to each other, then the same of the next row.
  struct Walk {
    DEEPMAD_ON_DEVICE Walk(const NormShape& of, uint32_t across, uint32_t down, uint32_t thread)
        : shape(of),
          column(across * of.tile + thread % of.tile),
          first(down * of.chunk_rows),
          end(first + of.chunk_rows < of.rows ? first + of.chunk_rows : of.rows),
          lane(thread / of.tile),
          lanes(kNormThreads / of.tile),
          chunk(down) {}

    // Threads beyond the last column have nothing to do; they read the last one's channels.
    DEEPMAD_ON_DEVICE bool Works() const { return column < shape.columns; }
    // Whether it is the one that writes for its column.
    DEEPMAD_ON_DEVICE bool Leads(uint32_t thread) const { return thread < shape.tile && Works(); }
    DEEPMAD_ON_DEVICE uint32_t Channel(uint32_t v) const {
      const uint32_t inside = Works() ? column : shape.columns - 1;
      return shape.channels_last ? inside * kVector + v : inside;
    }
    // Of a channel in this block.
    DEEPMAD_ON_DEVICE A Elements() const { return static_cast<A>((end - first) * (shape.channels_last ? 1 : kVector)); }
    DEEPMAD_ON_DEVICE uint32_t Index(uint32_t row) const {
      if (shape.channels_last) return row * shape.columns + column;
      return (row / shape.plane * shape.columns + column) * shape.plane + row % shape.plane;
    }

    // A point near the mean of each lane, so that sums about it do not cancel: the mean of some rows.
    DEEPMAD_ON_DEVICE void Center(const NormWork& work, A (&center)[kVector]) const {
      constexpr uint32_t kSample = 4;
      DEEPMAD_UNROLL
      for (int v = 0; v < kVector; ++v) center[v] = 0;
      if (!Works()) return;
      for (uint32_t i = 0; i < kSample; ++i) {
        const Vector x = static_cast<const Vector*>(work.x)[Index(first + (end - first) / kSample * i)];
        DEEPMAD_UNROLL
        for (int v = 0; v < kVector; ++v) center[v] += static_cast<A>(x.lane[v]) / A(kSample);
      }
      if (shape.channels_last) return;
      A sum = 0;
      DEEPMAD_UNROLL
      for (int v = 0; v < kVector; ++v) sum += center[v];
      DEEPMAD_UNROLL
      for (int v = 0; v < kVector; ++v) center[v] = sum / A(kVector);
    }

    // work(index of each row's vector, load, each) for kAtOnce rows at a time: load(map, vectors) reads them, each(use) calls use(row).
    template <typename Work>
    DEEPMAD_ON_DEVICE void Rows(const Work& work) const {
      if (!Works()) return;
      for (uint32_t row = first + lane; row < end; row += kAtOnce * lanes) {
        uint32_t index[kAtOnce];
        DEEPMAD_UNROLL
        for (int k = 0; k < kAtOnce; ++k) index[k] = Index(row + k * lanes);
        const auto each = [&](auto&& use) {
          DEEPMAD_UNROLL
          for (int k = 0; k < kAtOnce; ++k) {
            if (row + k * lanes < end) use(k);
          }
        };
        work(
            index,
            [&](const void* map, Vector(&vectors)[kAtOnce]) {
              each([&](int k) { vectors[k] = static_cast<const Vector*>(map)[index[k]]; });
            },
            each);
      }
    }

    // Writes combine(lane, sums..., results...) of the leading thread's column.
    template <typename Combine>
    DEEPMAD_ON_DEVICE void Partials(const NormWork& work, const A* sums, uint32_t thread, const Combine& combine) const {
      A* const partial = static_cast<A*>(work.partial);
      const uint32_t results = shape.channels_last ? kVector : 1;
      for (uint32_t v = 0; v < results; ++v) {
        A sum = sums[v * kNormThreads + thread], other = sums[(kVector + v) * kNormThreads + thread];
        if (!shape.channels_last) {
          DEEPMAD_UNROLL
          for (uint32_t w = 1; w < kVector; ++w) {
            sum += sums[w * kNormThreads + thread];
            other += sums[(kVector + w) * kNormThreads + thread];
          }
        }
        const uint32_t at = chunk * shape.channels + Channel(v);
        combine(v, sum, other, partial[at], partial[shape.chunks * shape.channels + at]);
      }
    }

    const NormShape& shape;
    uint32_t column, first, end, lane, lanes, chunk;
  };

  // y = (x - mean) * scale + bias of a thread's channels.
  struct Affine {
    DEEPMAD_ON_DEVICE Affine(const NormWork& work, const Walk& walk) {
      const A* const statistics = static_cast<const A*>(work.statistics);
      DEEPMAD_UNROLL
      for (int v = 0; v < kVector; ++v) {
        const uint32_t channel = walk.Channel(v);
        mean[v] = statistics[channel];
        scale[v] = static_cast<const A*>(work.weight)[channel] * statistics[work.shape.channels + channel];
        bias[v] = static_cast<const A*>(work.bias)[channel];
      }
    }
    DEEPMAD_ON_DEVICE A operator()(T x, int v) const { return Fma(static_cast<A>(x) - mean[v], scale[v], bias[v]); }
    // The gradient behind the norm where a ReLU follows it directly, or nothing.
    DEEPMAD_ON_DEVICE A Behind(const NormWork& work, T x, T gradient, int v) const {
      const A g = static_cast<A>(gradient);
      return work.relu && operator()(x, v) <= 0 ? A(0) : g;
    }
    A mean[kVector], scale[kVector], bias[kVector];
  };

  static DEEPMAD_ON_DEVICE void Keep(A* sums, uint32_t thread, const A (&first)[kVector], const A (&second)[kVector]) {
    DEEPMAD_UNROLL
    for (int v = 0; v < kVector; ++v) {
      sums[v * kNormThreads + thread] = first[v];
      sums[(kVector + v) * kNormThreads + thread] = second[v];
    }
  }

  // Adds up all threads of a column, into its first.
  template <typename Block>
  static DEEPMAD_ON_DEVICE void SumThreads(Block& block, const NormShape& shape, A* sums) {
    for (uint32_t half = kNormThreads / 2; half >= shape.tile; half /= 2) {
      block.Each([&](uint32_t thread) {
        if (thread >= half) return;
        DEEPMAD_UNROLL
        for (int v = 0; v < 2 * kVector; ++v) sums[v * kNormThreads + thread] += sums[v * kNormThreads + thread + half];
      });
    }
  }
};

}  // namespace deepmad::models
