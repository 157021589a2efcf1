#include "data/loader/loader.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace deepmad::data {
namespace {

struct Tensors {
  at::Tensor images;
  at::Tensor labels;
};

at::Tensor EmptyImages(int64_t size, const SampleShape& shape, bool channels_last, const at::TensorOptions& options) {
  const InputShape& image = shape.image;
  const int64_t views = std::max(1, shape.views);
  if (shape.frames > 0) return at::empty({size, views, image.channels, shape.frames, image.height, image.width}, options);
  const at::MemoryFormat format = channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
  const at::Tensor images = at::empty({size * views, image.channels, image.height, image.width}, options, format);
  return shape.views == 0 ? images : images.unflatten(0, {size, views});
}

BatchAllocator TensorAllocator(bool channels_last, bool pin_memory) {
  const at::TensorOptions options = at::TensorOptions().device(at::kCPU).pinned_memory(pin_memory);
  return [=](int64_t size, const SampleShape& shape) {
    auto tensors = std::make_shared<Tensors>();
    tensors->images = EmptyImages(size, shape, channels_last, options.dtype(at::kFloat));
    HostBatch batch;
    batch.images = tensors->images.data_ptr<float>();
    if (shape.has_whole_label()) {
      tensors->labels = at::empty({size}, options.dtype(at::kLong));
      batch.labels = tensors->labels.data_ptr<int64_t>();
    } else if (!shape.boxes) {
      tensors->labels = at::empty({size, shape.label_map.height, shape.label_map.width}, options.dtype(at::kByte));
      batch.label_maps = tensors->labels.data_ptr<uint8_t>();
    }
    batch.owner = std::move(tensors);
    return batch;
  };
}

StreamOptions ToStreamOptions(const LoaderOptions& options) {
  StreamOptions stream;
  stream.sampler = {.batch_size = options.batch_size,
                    .seed = options.seed,
                    .shuffle = options.shuffle,
                    .drop_last = options.drop_last,
                    .repeats = options.repeats,
                    .epoch_batches = options.epoch_batches,
                    .rank = options.rank,
                    .world = options.world};
  stream.workers = options.workers;
  stream.queue_batches = options.queue_batches;
  stream.layout = options.channels_last ? MemoryLayout::kChannelsLast : MemoryLayout::kContiguous;
  return stream;
}

}  // namespace

Loader::Loader(const Dataset& dataset, Preparation prepare, const LoaderOptions& options)
    : stream_(dataset, std::move(prepare), ToStreamOptions(options), TensorAllocator(options.channels_last, options.pin_memory)) {}

bool Loader::Next(Batch* batch) {
  const auto start = std::chrono::steady_clock::now();
  HostBatch made;
  if (!stream_.Next(&made)) return false;
  const Tensors& tensors = *std::static_pointer_cast<Tensors>(made.owner);
  batch->images = tensors.images;
  batch->labels = tensors.labels;
  batch->boxes = std::move(made.boxes);
  batch->sources = std::move(made.sources);
  batch->first_position = made.first_position;
  batch->position_step = made.position_step;
  batch->wait_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return true;
}

}  // namespace deepmad::data
