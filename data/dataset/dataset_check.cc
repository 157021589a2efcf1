#include "data/dataset/dataset_check.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <numeric>
#include <thread>

#include "base/error.h"
#include "data/dataset/class_use.h"
#include "data/image/label_map.h"
#include "data/transforms/crop.h"

namespace deepmad::data {
namespace {

// Every frame; gives the last one.
Image DecodeAll(Frames& video) {
  std::vector<int64_t> numbers(static_cast<size_t>(video.count()));
  std::iota(numbers.begin(), numbers.end(), 0);
  Image last;
  video.Read(numbers, [&](size_t position, const ImageView& frame) {
    if (position + 1 == numbers.size()) last = Copy(frame);
  });
  return last;
}

class Checker {
 public:
  Checker(const Dataset& dataset, const std::function<void(int64_t)>& progress) : dataset_(dataset), progress_(progress) {
    result_.samples = dataset.size();
    result_.class_counts.resize(dataset.class_names().size());
    result_.missing = dataset.missing();
    result_.left_out = dataset.left_out();
  }

  void Work() {
    for (;;) {
      int64_t index;
      {
        const std::lock_guard lock(mutex_);
        if (next_ >= result_.samples) return;
        index = next_++;
        if (const int64_t label = dataset_.label(index); label != kNoWholeLabel) ++result_.class_counts[label];
      }
      Image image;
      Sample sample;
      std::string reason;
      try {
        sample = dataset_.Get(index);
        image = sample.video ? DecodeAll(*sample.video) : sample.picture.Decode();
      } catch (const std::exception& e) {
        reason = e.what();
      }
      const std::lock_guard lock(mutex_);
      if (reason.empty()) {
        Add(image);
        result_.turned += sample.picture.exif_orientation() != 1;
        if (sample.label_map) AddClasses(*sample.label_map);
        if (sample.boxes) AddObjects(*sample.boxes);
      } else {
        broken_.emplace(index, std::move(reason));
      }
      if (progress_) progress_(++done_);
    }
  }

  CheckResult Finish() {
    for (auto& [index, reason] : broken_) result_.broken.push_back({dataset_.source(index), std::move(reason)});
    result_.unused_classes = DescribeUnused(dataset_, {result_.class_counts, result_.samples, unlabelled_});
    return std::move(result_);
  }

 private:
  void Add(const Image& image) {
    const bool first = decoded_++ == 0;
    result_.grey += image.channels == 1;
    result_.min_height = first ? image.height : std::min(result_.min_height, image.height);
    result_.max_height = std::max(result_.max_height, image.height);
    result_.min_width = first ? image.width : std::min(result_.min_width, image.width);
    result_.max_width = std::max(result_.max_width, image.width);
  }

  void AddClasses(const Image& label_map) {
    std::array<bool, 256> shown{};
    for (const uint8_t label : label_map.pixels) shown[label] = true;
    unlabelled_ = unlabelled_ || shown[kNoLabel];
    for (size_t i = 0; i < result_.class_counts.size(); ++i) result_.class_counts[i] += shown[i];
  }

  void AddObjects(const PictureBoxes& boxes) {
    for (const LabelledBox& box : boxes.boxes) ++result_.class_counts[static_cast<size_t>(box.label)];
  }

  const Dataset& dataset_;
  const std::function<void(int64_t)>& progress_;
  std::mutex mutex_;  // guards what follows
  int64_t next_ = 0;
  int64_t done_ = 0;
  int64_t decoded_ = 0;
  bool unlabelled_ = false;
  std::map<int64_t, std::string> broken_;  // by index
  CheckResult result_;
};

}  // namespace

CheckResult CheckDataset(const Dataset& dataset, int threads, const std::function<void(int64_t done)>& progress) {
  Checker checker(dataset, progress);
  std::vector<std::thread> workers;
  for (int i = 0; i < threads; ++i) workers.emplace_back([&] { checker.Work(); });
  for (std::thread& worker : workers) worker.join();
  return checker.Finish();
}

}  // namespace deepmad::data
