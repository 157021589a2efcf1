#include "data/dataset/image_cache.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace deepmad::data {

ImageCache::ImageCache(std::unique_ptr<Dataset> dataset, int64_t max_bytes)
    : dataset_(std::move(dataset)), free_bytes_(max_bytes), images_(dataset_->size()) {}

Sample ImageCache::Get(int64_t index) const {
  {
    const std::lock_guard lock(mutex_);
    if (images_[index]) return {Picture(images_[index]), label(index), source(index)};
  }
  Sample sample = dataset_->Get(index);
  if (full_) return sample;
  // Two threads may decode the same picture; the first to finish stores it.
  const auto image = std::make_shared<const Image>(sample.picture.Decode());
  sample.picture = Picture(image, sample.picture.exif_orientation());
  const int64_t bytes = static_cast<int64_t>(image->pixels.size());
  const std::lock_guard lock(mutex_);
  if (images_[index]) return sample;
  if (bytes > free_bytes_) {
    full_ = true;
    return sample;
  }
  images_[index] = image;
  free_bytes_ -= bytes;
  return sample;
}

std::unique_ptr<Dataset> CacheIfSmall(std::unique_ptr<Dataset> dataset, int64_t max_bytes) {
  constexpr int64_t kLooks = 16;
  const int64_t looks = std::min(kLooks, dataset->size());
  double pixels = 0;
  for (int64_t i = 0; i < looks; ++i) {
    try {
      const Size size = dataset->Get(i * dataset->size() / looks).picture.size();
      pixels += static_cast<double>(size.height) * size.width;
    } catch (const base::Error&) {  // is reported when it is used
    }
  }
  const bool fits = pixels / static_cast<double>(looks) * 3 * static_cast<double>(dataset->size()) <= static_cast<double>(max_bytes);
  if (!fits) return dataset;
  return std::make_unique<ImageCache>(std::move(dataset), max_bytes);
}

}  // namespace deepmad::data
