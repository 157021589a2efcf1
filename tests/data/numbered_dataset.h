// A dataset whose samples are their own numbers, with failures and delays on demand.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "data/dataset/dataset.h"

namespace deepmad::data {

class NumberedDataset : public Dataset {
 public:
  explicit NumberedDataset(int64_t size) : size_(size) {}

  int64_t broken = -1;  // this index cannot be decoded
  bool uneven = false;  // some samples take longer, so that batches finish out of order
  mutable std::atomic<int64_t> decoded{0};

  int64_t size() const override { return size_; }
  int64_t label(int64_t index) const override { return index % 10; }
  std::string source(int64_t index) const override { return "number#" + std::to_string(index); }
  const std::vector<std::string>& class_names() const override { return class_names_; }
  Sample Get(int64_t index) const override {
    ++decoded;
    if (index == broken) throw base::FailedError("broken picture", source(index));
    if (uneven && index % 7 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    Image image(4, 4, 3);
    for (size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<uint8_t>(index * 31 + i * 5);
    return {std::move(image), label(index), source(index)};
  }

 private:
  int64_t size_;
  std::vector<std::string> class_names_ = std::vector<std::string>(10, "digit");
};

}  // namespace deepmad::data
