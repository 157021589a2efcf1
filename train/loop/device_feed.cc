#include "train/loop/device_feed.h"

#include <utility>

namespace deepmad::train {

void MoveBatch(data::Batch& batch, at::Device device) {
  if (device.is_cpu()) return;
  batch.images = batch.images.to(device, batch.images.scalar_type(), /*non_blocking=*/true);
  if (batch.labels.defined()) batch.labels = batch.labels.to(device, batch.labels.scalar_type(), /*non_blocking=*/true);
}

void BatchFeed::StartEpoch(int64_t epoch, int64_t first_batch) {
  ahead_.reset();
  loader_.StartEpoch(epoch, first_batch);
}

bool BatchFeed::Fetch(data::Batch* batch) {
  if (!loader_.Next(batch)) return false;
  if (copies_ == nullptr) {
    MoveBatch(*batch, device_);
  } else {
    copies_->Start([&] { MoveBatch(*batch, device_); });
  }
  return true;
}

bool BatchFeed::Next(data::Batch* batch) {
  if (ahead_) {
    *batch = *std::exchange(ahead_, std::nullopt);
  } else if (!Fetch(batch)) {
    return false;
  }
  if (copies_ != nullptr) {
    std::vector<at::Tensor> made = {batch->images};
    if (batch->labels.defined()) made.push_back(batch->labels);
    copies_->Join(made);
  }
  return true;
}

void BatchFeed::Prefetch() {
  if (copies_ == nullptr || ahead_) return;
  data::Batch batch;
  if (Fetch(&batch)) ahead_ = std::move(batch);
}

}  // namespace deepmad::train
