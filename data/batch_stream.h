// Batches made ahead of use by threads, delivered in order. Free of torch: memory comes from an allocator that the caller gives.
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

#include "data/dataset.h"
#include "data/preparation.h"
#include "data/sampler.h"

namespace deepmad::data {

// Memory for one batch and what was put there.
struct HostBatch {
  float* images = nullptr;        // [N, C, H, W] or [N, H, W, C] float32, normalised; with views and frames of videos, see SampleShape
  int64_t* labels = nullptr;      // [N]; null where pixels or objects have labels of their own
  uint8_t* label_maps = nullptr;  // [N, height, width] of shape.label_map; else null
  std::vector<InputBoxes> boxes;  // one a sample, where objects have labels; else empty
  std::shared_ptr<void> owner;    // keeps the memory alive
  SampleShape shape;
  int64_t size = 0;            // N
  int64_t first_position = 0;  // of the first sample, in the epoch
  int64_t position_step = 1;   // from one sample to the next: the number of ranks
  std::vector<std::string> sources;
};

// Gives memory for `size` samples: fills images, labels or label_maps as the shape has them, and owner. Called by several threads at once.
using BatchAllocator = std::function<HostBatch(int64_t size, const SampleShape& shape)>;
// Ordinary memory.
BatchAllocator PlainBatchAllocator();

struct StreamOptions {
  SamplerOptions sampler;  // its seed also drives the augmentation
  int workers = 2;         // 0: batches are made inside Next()
  int queue_batches = 4;   // ready or being made at a time; at least one a worker
  MemoryLayout layout = MemoryLayout::kContiguous;
};

// The content of a batch is a pure function of (dataset, preparation, sampler options, epoch, batch number): the number of workers changes
// only the speed. The samples of a batch must have one shape, so a preparation that gives several needs batches of one, unless boxes are
// their labels (see SampleShape). The dataset must outlive the stream. One thread calls the methods.
class BatchStream {
 public:
  BatchStream(const Dataset& dataset, Preparation prepare, StreamOptions options, BatchAllocator allocate);
  ~BatchStream();
  BatchStream(const BatchStream&) = delete;
  BatchStream& operator=(const BatchStream&) = delete;

  int64_t batches_per_epoch() const { return sampler_.batches_per_epoch(); }
  // Starts at batch `first_batch` of `epoch`, giving up whatever was under way.
  void StartEpoch(int64_t epoch, int64_t first_batch = 0);
  // False at the end of the epoch. Throws what the making of this batch threw (FailedError naming the file), and again on each further
  // call.
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
