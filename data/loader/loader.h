// Batches as tensors.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "data/batching/batch_prefetcher.h"
#include "data/dataset/dataset.h"
#include "data/inputs/sample_preparation.h"

namespace deepmad::data {

struct Batch {
  // [N, C, H, W] float32 on the CPU, normalised; channels_last memory if asked. Of videos [N, views, C, H, W], likewise, or
  // [N, views, C, frames, H, W].
  at::Tensor images;
  at::Tensor labels;              // [N] int64, or [N, height, width] uint8 with 255 for no class; undefined where objects have labels
  std::vector<InputBoxes> boxes;  // one a sample, where objects have labels; else empty
  std::vector<std::string> sources;
  int64_t first_position = 0;  // of the first sample, in the epoch
  int64_t position_step = 1;   // from one sample to the next
  double wait_seconds = 0;     // for which Next() kept its caller
};

struct LoaderOptions {
  int64_t batch_size = 128;  // per rank
  int workers = 2;           // 0: in the calling thread
  int queue_batches = 4;     // ready or being made at a time
  uint64_t seed = 0;         // of the run: order and augmentation
  bool shuffle = false;
  bool drop_last = false;
  int repeats = 1;  // this and the next: see SamplerOptions
  int64_t epoch_batches = 0;
  bool channels_last = false;
  bool pin_memory = false;  // for asynchronous copies to a CUDA device; needs one
  int rank = 0;
  int world = 1;
};

// See BatchStream for order, determinism and errors.
class Loader {
 public:
  Loader(const Dataset& dataset, Preparation prepare, const LoaderOptions& options);

  int64_t batches_per_epoch() const { return stream_.batches_per_epoch(); }
  void StartEpoch(int64_t epoch, int64_t first_batch = 0) { stream_.StartEpoch(epoch, first_batch); }
  bool Next(Batch* batch);

 private:
  BatchStream stream_;
};

}  // namespace deepmad::data
