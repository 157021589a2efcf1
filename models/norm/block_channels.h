// The steps of block_work.h that work on channels alone: a block takes kMergedChannels of them and adds up what the chunks gave, in
// float64.
#pragma once

#include "models/norm/block_body.h"

namespace deepmad::models {

template <typename A>
class ChannelBody {
 public:
  // Chan, Golub and LeVeque's combination of means and squared deviations.
  template <typename Block>
  static DEEPMAD_ON_DEVICE void Merge(Block& block, const NormWork& work) {
    const NormShape& shape = work.shape;
    const A* const means = static_cast<const A*>(work.partial);
    const A* const deviations = means + shape.chunks * shape.channels;
    double* const sums = block.template Shared<double>(kNormThreads + kMergedChannels);
    double* const mean = sums + kNormThreads;
    SumChunks(block, shape, sums,
              [&](uint32_t chunk, uint32_t channel) { return Count(shape, chunk) * means[chunk * shape.channels + channel]; });
    EachChannel(block, shape, [&](uint32_t thread, uint32_t) { mean[thread] = sums[thread] / shape.count; });
    SumChunks(block, shape, sums, [&](uint32_t chunk, uint32_t channel) {
      const double difference = means[chunk * shape.channels + channel] - mean[channel % kMergedChannels];
      return deviations[chunk * shape.channels + channel] + Count(shape, chunk) * difference * difference;
    });
    EachChannel(block, shape, [&](uint32_t thread, uint32_t channel) {
      A* const running_mean = static_cast<A*>(work.running_mean) + channel;
      A* const running_var = static_cast<A*>(work.running_var) + channel;
      Write(work, channel, mean[thread], sums[thread] / shape.count);
      *running_mean = static_cast<A>((1 - work.momentum) * *running_mean + work.momentum * mean[thread]);
      *running_var = static_cast<A>((1 - work.momentum) * *running_var + work.momentum * (sums[thread] / (shape.count - 1)));
    });
  }

  template <typename Block>
  static DEEPMAD_ON_DEVICE void Running(Block& block, const NormWork& work) {
    EachChannel(block, work.shape, [&](uint32_t, uint32_t channel) {
      Write(work, channel, static_cast<const A*>(work.running_mean)[channel], static_cast<const A*>(work.running_var)[channel]);
    });
  }

  template <typename Block>
  static DEEPMAD_ON_DEVICE void Gradients(Block& block, const NormWork& work) {
    const NormShape& shape = work.shape;
    const A* const levels = static_cast<const A*>(work.partial);
    const A* const alongs = levels + shape.chunks * shape.channels;
    double* const sums = block.template Shared<double>(kNormThreads + kMergedChannels);
    double* const level = sums + kNormThreads;
    SumChunks(block, shape, sums, [&](uint32_t chunk, uint32_t channel) { return double{levels[chunk * shape.channels + channel]}; });
    EachChannel(block, shape, [&](uint32_t thread, uint32_t) { level[thread] = sums[thread]; });
    SumChunks(block, shape, sums, [&](uint32_t chunk, uint32_t channel) { return double{alongs[chunk * shape.channels + channel]}; });
    const double share = work.training ? 1 / shape.count : 0;
    EachChannel(block, shape, [&](uint32_t thread, uint32_t channel) {
      const double inverse = static_cast<const A*>(work.statistics)[shape.channels + channel];
      static_cast<A*>(work.bias_gradient)[channel] = static_cast<A>(level[thread]);
      static_cast<A*>(work.weight_gradient)[channel] = static_cast<A>(sums[thread] * inverse);
      static_cast<A*>(work.slopes)[channel] = static_cast<A>(level[thread] * share);
      static_cast<A*>(work.slopes)[shape.channels + channel] = static_cast<A>(sums[thread] * share * inverse * inverse);
    });
  }

 private:
  // Elements of a channel in a chunk.
  static DEEPMAD_ON_DEVICE double Count(const NormShape& shape, uint32_t chunk) {
    const uint32_t first = chunk * shape.chunk_rows;
    const uint32_t end = first + shape.chunk_rows < shape.rows ? first + shape.chunk_rows : shape.rows;
    return (end - first) * (shape.count / shape.rows);
  }

  static DEEPMAD_ON_DEVICE void Write(const NormWork& work, uint32_t channel, double mean, double var) {
    A* const statistics = static_cast<A*>(work.statistics);
    statistics[channel] = static_cast<A>(mean);
    statistics[work.shape.channels + channel] = static_cast<A>(1 / sqrt(var + work.eps));
  }

  // use(thread, channel) once for each channel of the block.
  template <typename Block, typename Use>
  static DEEPMAD_ON_DEVICE void EachChannel(Block& block, const NormShape& shape, const Use& use) {
    block.Each([&](uint32_t thread) {
      const uint32_t channel = block.x * kMergedChannels + thread;
      if (thread < kMergedChannels && channel < shape.channels) use(thread, channel);
    });
  }

  // sums[i]: the sum of value(chunk, channel) over the chunks, of the block's channel i.
  template <typename Block, typename Value>
  static DEEPMAD_ON_DEVICE void SumChunks(Block& block, const NormShape& shape, double* sums, const Value& value) {
    block.Each([&](uint32_t thread) {
      const uint32_t channel = block.x * kMergedChannels + thread % kMergedChannels;
      double sum = 0;
      if (channel < shape.channels) {
        for (uint32_t chunk = thread / kMergedChannels; chunk < shape.chunks; chunk += kNormThreads / kMergedChannels) {
          sum += value(chunk, channel);
        }
      }
      sums[thread] = sum;
    });
    for (uint32_t half = kNormThreads / 2; half >= kMergedChannels; half /= 2) {
      block.Each([&](uint32_t thread) {
        if (thread < half) sums[thread] += sums[thread + half];
      });
    }
  }
};

// A step on maps of T, read in vectors.
template <NormStep kStep, typename T, int kVector, typename Block>
DEEPMAD_ON_DEVICE void RunBlock(Block& block, const NormWork& work) {
  using Map = BlockBody<T, kVector>;
  using Channels = ChannelBody<typename BlockArithmetic<T>::Type>;
  if constexpr (kStep == NormStep::kMoments) Map::Moments(block, work);
  if constexpr (kStep == NormStep::kMerge) Channels::Merge(block, work);
  if constexpr (kStep == NormStep::kRunning) Channels::Running(block, work);
  if constexpr (kStep == NormStep::kForward) Map::Forward(block, work);
  if constexpr (kStep == NormStep::kSums) Map::Sums(block, work);
  if constexpr (kStep == NormStep::kGradients) Channels::Gradients(block, work);
  if constexpr (kStep == NormStep::kBackward) Map::Backward(block, work);
}

}  // namespace deepmad::models
