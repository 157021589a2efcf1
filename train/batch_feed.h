// The batches of a loader on the device where they are used. Where that takes a copy, the next batch is copied while the device works on
// the one before: two batches are there at a time.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "data/loader/loader.h"
#include "models/device.h"

namespace deepmad::train {

class BatchFeed {
 public:
  BatchFeed(data::Loader& loader, at::Device device) : BatchFeed(loader, device, models::NewCopyQueue(device)) {}
  // `copies` null: batches go to the device when they are asked for.
  BatchFeed(data::Loader& loader, at::Device device, std::unique_ptr<models::CopyQueue> copies)
      : loader_(loader), device_(device), copies_(std::move(copies)) {}

  // As the loader's.
  void StartEpoch(int64_t epoch, int64_t first_batch = 0);
  bool Next(data::Batch* batch);
  // Starts the copy of what Next() will give. Waits for the loader, so call it when the device has work.
  void Prefetch();

 private:
  bool Fetch(data::Batch* batch);

  data::Loader& loader_;
  at::Device device_;
  std::unique_ptr<models::CopyQueue> copies_;
  std::optional<data::Batch> ahead_;
};

}  // namespace deepmad::train
