// Batch normalisation for devices that run blocks of threads: how a map is shared out, and what one launch works on. Free of torch, so that
// a compiler for such a device reads it too.
//
// A map [N, C, (T,) H, W] is read in vectors of several elements that lie next to each other. In channels_last a vector holds channels of
// one pixel, else pixels of one channel. Vectors form columns, which share their channels, of rows:
//
//                 columns                 rows of a column
//   channels_last C / vector              pixels of the whole map
//   planes        C                       vectors of the N planes of the channel
//
// Each block has kNormThreads threads and takes `tile` columns of `chunk_rows` rows.
#pragma once

#include <algorithm>
#include <cstdint>

namespace deepmad::models {

constexpr uint32_t kNormThreads = 256;
constexpr int kVectorBytes = 16;  // what a thread loads at once

struct NormShape {
  NormShape(int64_t map_channels, int64_t map_rows, int64_t map_plane, bool last, int vector)
      : channels(static_cast<uint32_t>(map_channels)),
        columns(static_cast<uint32_t>(last ? map_channels / vector : map_channels)),
        rows(static_cast<uint32_t>(last ? map_rows : map_rows / vector)),
        plane(static_cast<uint32_t>(last ? 1 : map_plane / vector)),
        channels_last(last),
        count(static_cast<double>(map_rows)) {
    while (last && tile < columns && tile < kWidestTile) tile *= 2;
    const uint32_t lanes = kNormThreads / tile;
    const uint32_t most = std::max(1U, kMostBlocks / tiles());
    chunk_rows = std::max(kLeastRows * lanes, (rows + most - 1) / most);
    chunks = (rows + chunk_rows - 1) / chunk_rows;
  }

  uint32_t tiles() const { return (columns + tile - 1) / tile; }

  // A block has at least so much to do, and there are about so many of them: by the shape alone, so that sums are the same bits on any
  // device.
  static constexpr uint32_t kLeastRows = 16, kMostBlocks = 1024, kWidestTile = 32;

  uint32_t channels;
  uint32_t columns;
  uint32_t rows;      // of a column
  uint32_t plane;     // rows that lie next to each other
  uint32_t tile = 1;  // a power of two
  uint32_t chunk_rows = 0;
  uint32_t chunks = 0;
  bool channels_last;
  double count;  // elements of a channel
};

// In the order of a forward and a backward pass.
enum class NormStep {
  kMoments,    // x -> mean and sum of squared deviations of each chunk
  kMerge,      // those -> statistics; moves the running ones
  kRunning,    // running statistics -> statistics
  kForward,    // x, statistics, residual -> y
  kSums,       // gradient of y -> g behind the norm, sums of g and of g * (x - mean) of each chunk
  kGradients,  // those -> gradients of weight and bias, slopes
  kBackward,   // g, slopes -> gradient of x
};

// The steps of which each block reads a part of the map; the others have one small group of channels a block.
constexpr bool ReadsMap(NormStep step) {
  return step == NormStep::kMoments || step == NormStep::kForward || step == NormStep::kSums || step == NormStep::kBackward;
}

// Maps are of the elements' type, [C] and the rest of the type in which they are computed. Null: not there, or not of the step.
struct NormWork {
  explicit NormWork(const NormShape& of) : shape(of) {}

  NormShape shape;
  const void* x = nullptr;
  const void* residual = nullptr;         // kForward
  const void* output = nullptr;           // kSums: y, where the ReLU's input cannot be had from x
  const void* output_gradient = nullptr;  // kSums, kBackward
  void* result = nullptr;                 // kForward: y; kSums with `output`: g; kBackward: gradient of x
  const void* weight = nullptr;
  const void* bias = nullptr;
  void* running_mean = nullptr;
  void* running_var = nullptr;
  void* partial = nullptr;     // [2, chunks, C]
  void* statistics = nullptr;  // [2, C]: mean, 1 / sqrt(variance + eps)
  void* weight_gradient = nullptr;
  void* bias_gradient = nullptr;
  void* slopes = nullptr;  // [2, C]: what of g the mean takes away, and what each deviation
  double momentum = 0, eps = 0;
  bool relu = false;
  bool training = false;  // statistics are of x, so the gradient passes through them
};

// Channels that one block of a step that reads no map takes.
constexpr uint32_t kMergedChannels = 4;

// Blocks of a step along channels and along rows.
struct NormGrid {
  uint32_t across, down;
};
inline NormGrid GridOf(NormStep step, const NormShape& shape) {
  if (ReadsMap(step)) return {shape.tiles(), shape.chunks};
  return {(shape.channels + kMergedChannels - 1) / kMergedChannels, 1};
}

}  // namespace deepmad::models
