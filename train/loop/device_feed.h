// Delivers the batches of a loader on the device. If that needs a copy, the next batch is copied while the device works on the current one,
// so two batches are in device memory at a time. Not thread-safe.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "data/loader/loader.h"
#include "models/device/device.h"

namespace deepmad::train {

// Moves the images and labels of a batch to the device without waiting for the copy.
void MoveBatch(data::Batch& batch, at::Device device);

class BatchFeed {
 public:
  BatchFeed(data::Loader& loader, at::Device device) : BatchFeed(loader, device, models::NewCopyQueue(device)) {}
  // If `copies` is null, Next() copies each batch when it is called. `loader` must outlive the feed.
  BatchFeed(data::Loader& loader, at::Device device, std::unique_ptr<models::CopyQueue> copies)
      : loader_(loader), device_(device), copies_(std::move(copies)) {}

  // Restarts at batch `first_batch` of `epoch` and drops a prefetched batch.
  void StartEpoch(int64_t epoch, int64_t first_batch = 0);
  // Returns false at the end of the epoch. Rethrows the error of a batch that could not be read (FailedError naming the file).
  bool Next(data::Batch* batch);
  // Starts copying the batch that Next() will return. Blocks on the loader, so call it while the device is busy.
  void Prefetch();

 private:
  bool Fetch(data::Batch* batch);

  data::Loader& loader_;
  at::Device device_;
  std::unique_ptr<models::CopyQueue> copies_;
  std::optional<data::Batch> ahead_;
};

}  // namespace deepmad::train
