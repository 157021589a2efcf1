// Prefetches batches with worker threads and delivers them in order. Independent of torch: the caller provides the memory allocator.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "data/batching/sampler.h"
#include "data/dataset/dataset.h"
#include "data/inputs/sample_preparation.h"

namespace deepmad::data {

// One batch in host memory.
struct HostBatch {
  float* images = nullptr;        // [N, C, H, W] or [N, H, W, C] float32, normalised; with views and frames of videos, see SampleShape
  int64_t* labels = nullptr;      // [N]; null if pixels or objects are labelled instead
  uint8_t* label_maps = nullptr;  // [N, height, width] of shape.label_map; else null
  std::vector<InputBoxes> boxes;  // one per sample if objects are labelled, else empty
  std::shared_ptr<void> owner;    // keeps the memory alive
  SampleShape shape;
  int64_t size = 0;            // N
  int64_t first_position = 0;  // position of the first sample in the epoch
  int64_t position_step = 1;   // distance between consecutive samples: the number of ranks
  std::vector<std::string> sources;
};

// Allocates memory for `size` samples and sets images, labels or label_maps (as `shape` requires) and owner. Must be thread-safe.
using BatchAllocator = std::function<HostBatch(int64_t size, const SampleShape& shape)>;
// Returns an allocator of ordinary heap memory.
BatchAllocator PlainBatchAllocator();

struct StreamOptions {
  SamplerOptions sampler;  // its seed also drives the augmentation
  int workers = 2;         // 0: batches are made inside Next()
  int queue_batches = 4;   // batches ready or in preparation; at least one per worker
  MemoryLayout layout = MemoryLayout::kContiguous;
};

// The content of a batch is a pure function of dataset, preparation, sampler options, epoch and batch number; the number of workers affects
// only the speed. Not thread-safe: one thread calls the methods. REQUIRES: the dataset outlives the stream; all samples of a batch have the
// same shape, unless their labels are boxes (see SampleShape).
class BatchStream {
 public:
  BatchStream(const Dataset& dataset, Preparation prepare, StreamOptions options, BatchAllocator allocate);
  ~BatchStream();
  BatchStream(const BatchStream&) = delete;
  BatchStream& operator=(const BatchStream&) = delete;

  int64_t batches_per_epoch() const { return sampler_.batches_per_epoch(); }
  // Restarts at batch `first_batch` of `epoch` and abandons batches in preparation.
  void StartEpoch(int64_t epoch, int64_t first_batch = 0);
  // Returns false at the end of the epoch. Rethrows the error of a batch that could not be made (FailedError naming the file); later calls
  // throw it again.
  bool Next(HostBatch* batch);

 private:
  struct Made {
    HostBatch batch;
    std::exception_ptr error;
  };

  struct Ready {
    std::unique_ptr<const Sample> sample;
    PreparedSample prepared;
  };

  Ready Prepare(int64_t position) const;
  HostBatch Make(int64_t batch_number) const;
  void Work();
  void Stop();

  const Dataset& dataset_;
  const Preparation prepare_;
  const StreamOptions options_;
  const BatchAllocator allocate_;
  const Sampler sampler_;

  int64_t epoch_ = 0;
  std::vector<int64_t> order_;
  std::vector<std::thread> threads_;

  std::mutex mutex_;               // guards what follows
  std::condition_variable room_;   // a batch was taken, or stop
  std::condition_variable ready_;  // a batch was made
  bool stop_ = false;
  int64_t next_to_make_ = 0;
  int64_t next_to_deliver_ = 0;
  std::map<int64_t, Made> made_;  // by batch number
};

}  // namespace deepmad::data
