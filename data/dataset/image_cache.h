// An in-memory cache of decoded images.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "data/dataset/dataset.h"

namespace deepmad::data {

// Wraps a data set and keeps decoded images in memory from their first use on, up to `max_bytes` in total. A small set is thus decoded once
// per run, a large one partly.
class ImageCache : public Dataset {
 public:
  ImageCache(std::unique_ptr<Dataset> dataset, int64_t max_bytes);

  int64_t size() const override { return dataset_->size(); }
  Sample Get(int64_t index) const override;
  int64_t label(int64_t index) const override { return dataset_->label(index); }
  std::string source(int64_t index) const override { return dataset_->source(index); }
  const std::vector<std::string>& class_names() const override { return dataset_->class_names(); }

 private:
  std::unique_ptr<Dataset> dataset_;
  mutable std::mutex mutex_;  // guards what follows; a stored picture never changes
  mutable int64_t free_bytes_;
  mutable std::vector<std::shared_ptr<const Image>> images_;  // null: not kept
  mutable std::atomic<bool> full_ = false;                    // an image did not fit; no more images are cached
};

// Wraps the data set in a cache if all its images are likely to fit, judging by the headers of a few. Otherwise returns it unchanged, so
// that images are still decoded only as far as a crop needs.
std::unique_ptr<Dataset> CacheIfSmall(std::unique_ptr<Dataset> dataset, int64_t max_bytes);

}  // namespace deepmad::data
