#include "data/image_cache.h"

#include <utility>

namespace deepmad::data {

ImageCache::ImageCache(std::unique_ptr<Dataset> dataset, int64_t max_bytes)
    : dataset_(std::move(dataset)), free_bytes_(max_bytes), images_(dataset_->size()) {}

Sample ImageCache::Get(int64_t index) const {
  const Image* kept = nullptr;
  {
    const std::lock_guard lock(mutex_);
    kept = images_[index].get();
  }
  if (kept) return {*kept, label(index), source(index)};

  Sample sample = dataset_->Get(index);  // two threads may decode the same picture; the first to finish stores it
  const int64_t bytes = static_cast<int64_t>(sample.image.pixels.size());
  const std::lock_guard lock(mutex_);
  if (!images_[index] && bytes <= free_bytes_) {
    images_[index] = std::make_unique<const Image>(sample.image);
    free_bytes_ -= bytes;
  }
  return sample;
}

}  // namespace deepmad::data
