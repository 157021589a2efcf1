// The metric of semantic segmentation: intersection over union of each class and their mean. Parts of a data set are counted apart, added,
// and only then divided.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace deepmad::train {

// A pixel with this label counts nowhere, whatever was predicted for it; as a prediction it is no class at all, which is never right.
inline constexpr uint8_t kIgnoredLabel = 255;

// The pixels of one class, over all that are not ignored.
struct ClassPixels {
  int64_t both = 0;                                               // I: predicted and labelled so
  int64_t predicted = 0;                                          // P
  int64_t labelled = 0;                                           // G
  int64_t either() const { return predicted + labelled - both; }  // U
  friend bool operator==(const ClassPixels&, const ClassPixels&) = default;
};

class SegmentationCounts {
 public:
  // 1..255 classes.
  explicit SegmentationCounts(int64_t classes);
  // Counted elsewhere.
  explicit SegmentationCounts(std::vector<ClassPixels> classes) : classes_(std::move(classes)) {}

  // Maps of `pixels` values, each in 0..classes-1 or 255. FailedError for another value in `labels`, or in `predictions` where the label is
  // not ignored; then nothing is added.
  void Add(const uint8_t* labels, const uint8_t* predictions, size_t pixels);
  // FailedError where the numbers of classes differ.
  void Merge(const SegmentationCounts& other);

  const std::vector<ClassPixels>& classes() const { return classes_; }
  int64_t pixels() const;  // that are not ignored

  // Fractions in [0, 1]; FailedError when no pixel was counted.
  double mean_iou() const;        // mean of I/U over the classes with U > 0: predicted or present
  double mean_accuracy() const;   // mean of I/G over the classes with G > 0: present
  double pixel_accuracy() const;  // sum of I / sum of G

 private:
  std::vector<ClassPixels> classes_;
};

}  // namespace deepmad::train
