#include "data/batching/batch_prefetcher.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace deepmad::data {

BatchAllocator PlainBatchAllocator() {
  struct Memory {
    std::unique_ptr<float[]> images;
    std::unique_ptr<int64_t[]> labels;
    std::unique_ptr<uint8_t[]> label_maps;
  };
  return [](int64_t size, const SampleShape& shape) {
    auto memory = std::make_shared<Memory>();
    HostBatch batch;
    memory->images = std::make_unique_for_overwrite<float[]>(size * shape.values());
    batch.images = memory->images.get();
    if (shape.has_whole_label()) {
      memory->labels = std::make_unique_for_overwrite<int64_t[]>(size);
      batch.labels = memory->labels.get();
    } else if (!shape.boxes) {
      memory->label_maps = std::make_unique_for_overwrite<uint8_t[]>(size * shape.labels());
      batch.label_maps = memory->label_maps.get();
    }
    batch.owner = std::move(memory);
    return batch;
  };
}

namespace {

// Of the i-th sample.
SampleMemory Place(const HostBatch& batch, int64_t i) {
  SampleMemory memory;
  memory.image = batch.images + i * batch.shape.values();
  memory.room = {batch.shape.image.height, batch.shape.image.width};
  if (batch.labels != nullptr) memory.label = batch.labels + i;
  if (batch.label_maps != nullptr) memory.label_map = batch.label_maps + i * batch.shape.labels();
  return memory;
}

int PaddedSide(int side) { return (side + kPaddedSides - 1) / kPaddedSides * kPaddedSides; }

// That of the first, with room for all.
template <typename Ready>
SampleShape CommonShape(const std::vector<Ready>& ready) {
  SampleShape shape = ready.front().prepared.shape;
  if (!shape.boxes) return shape;
  for (const Ready& one : ready) {
    shape.image.height = std::max(shape.image.height, one.prepared.shape.image.height);
    shape.image.width = std::max(shape.image.width, one.prepared.shape.image.width);
  }
  shape.image.height = PaddedSide(shape.image.height);
  shape.image.width = PaddedSide(shape.image.width);
  return shape;
}

}  // namespace

BatchStream::BatchStream(const Dataset& dataset, Preparation prepare, StreamOptions options, BatchAllocator allocate)
    : dataset_(dataset),
      prepare_(std::move(prepare)),
      options_(options),
      allocate_(std::move(allocate)),
      sampler_(dataset.size(), options.sampler, dataset.groups()),
      next_to_make_(sampler_.batches_per_epoch()),
      next_to_deliver_(sampler_.batches_per_epoch()) {}

BatchStream::~BatchStream() { Stop(); }

void BatchStream::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  room_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  made_.clear();
  stop_ = false;
}

void BatchStream::StartEpoch(int64_t epoch, int64_t first_batch) {
  Stop();
  epoch_ = epoch;
  order_ = sampler_.Order(epoch);
  next_to_make_ = next_to_deliver_ = first_batch;
  for (int i = 0; i < options_.workers; ++i) threads_.emplace_back([this] { Work(); });
}

BatchStream::Ready BatchStream::Prepare(int64_t position) const {
  auto sample = std::make_unique<const Sample>(dataset_.Get(order_[position]));
  PreparedSample prepared = prepare_(*sample, base::Random(options_.sampler.seed, base::RandomPurpose::kAugment, epoch_, position));
  return {std::move(sample), std::move(prepared)};
}

HostBatch BatchStream::Make(int64_t batch_number) const {
  const std::vector<int64_t> positions = sampler_.Positions(batch_number);
  const auto size = static_cast<int64_t>(positions.size());
  HostBatch batch;
  std::vector<Ready> ready;
  int64_t written = 0;
  for (int64_t i = 0; i < size; ++i) {
    ready.push_back(Prepare(positions[i]));
    if (ready.back().prepared.shape.boxes && i + 1 < size) continue;  // the largest decides how much room all get
    const SampleShape shape = CommonShape(ready);
    if (batch.images == nullptr) {
      batch = allocate_(size, shape);
      batch.shape = shape;
    } else if (batch.shape != shape) {
      throw std::logic_error("BatchStream: samples of several shapes in one batch");
    }
    for (const Ready& one : ready) {
      one.prepared.write(options_.layout, Place(batch, written++));
      batch.sources.push_back(one.sample->source);
      if (shape.boxes) batch.boxes.push_back(one.prepared.boxes);
    }
    ready.clear();
  }
  batch.size = size;
  batch.first_position = positions.front();
  batch.position_step = options_.sampler.world;
  return batch;
}

void BatchStream::Work() {
  const int64_t most = std::max(options_.queue_batches, options_.workers);
  std::unique_lock lock(mutex_);
  for (;;) {
    room_.wait(lock, [&] { return stop_ || next_to_make_ >= batches_per_epoch() || next_to_make_ < next_to_deliver_ + most; });
    if (stop_ || next_to_make_ >= batches_per_epoch()) return;
    const int64_t batch_number = next_to_make_++;
    lock.unlock();
    Made made;
    try {
      made.batch = Make(batch_number);
    } catch (...) {
      made.error = std::current_exception();
    }
    lock.lock();
    made_.emplace(batch_number, std::move(made));
    ready_.notify_one();
  }
}

bool BatchStream::Next(HostBatch* batch) {
  if (next_to_deliver_ >= batches_per_epoch()) return false;
  if (options_.workers == 0) {
    *batch = Make(next_to_deliver_);
    ++next_to_deliver_;
    return true;
  }
  std::unique_lock lock(mutex_);
  ready_.wait(lock, [&] { return made_.contains(next_to_deliver_); });
  Made& made = made_.at(next_to_deliver_);
  if (made.error) std::rethrow_exception(made.error);
  *batch = std::move(made.batch);
  made_.erase(next_to_deliver_);
  ++next_to_deliver_;
  lock.unlock();
  room_.notify_one();
  return true;
}

}  // namespace deepmad::data
