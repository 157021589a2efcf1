// Decoded pictures kept in memory.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "data/dataset.h"

namespace deepmad::data {

// A dataset that remembers the pictures of another one, each from its first use on, while they sum to at most `max_bytes`. Small sets are
// so decoded once in a run; of large ones a part is.
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
  mutable std::atomic<bool> full_ = false;                    // a picture found no room; no more are decoded whole
};

// The dataset, behind a cache where all its pictures are likely to fit: judged by the headers of a few of them. Pictures of a set that does
// not fit are so never decoded whole where a part is enough.
std::unique_ptr<Dataset> CacheIfSmall(std::unique_ptr<Dataset> dataset, int64_t max_bytes);

}  // namespace deepmad::data
