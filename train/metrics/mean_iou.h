// The metrics of semantic segmentation as integer counts: IoU of each class, mean IoU, accuracies (docs/protocols/segmentation.md, section
// 7). Parts of a data set are counted separately, merged, and only then divided.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace deepmad::train {

// Pixels with this label are not counted, whatever is predicted for them. As a prediction it stands for no class and is never correct.
inline constexpr uint8_t kIgnoredLabel = 255;

// Counts of one class over all pixels that are not ignored.
struct ClassPixels {
  int64_t both = 0;                                               // I: predicted and labelled as this class
  int64_t predicted = 0;                                          // P
  int64_t labelled = 0;                                           // G
  int64_t either() const { return predicted + labelled - both; }  // U
  friend bool operator==(const ClassPixels&, const ClassPixels&) = default;
};

class SegmentationCounts {
 public:
  // 1..255 classes.
  explicit SegmentationCounts(int64_t classes);
  // From counts made elsewhere, such as on other ranks.
  explicit SegmentationCounts(std::vector<ClassPixels> classes) : classes_(std::move(classes)) {}

  // Counts two maps of `pixels` values, each in 0..classes-1 or 255. Throws FailedError, and adds nothing, if `labels` has another value or
  // `predictions` has one at a labelled pixel.
  void Add(const uint8_t* labels, const uint8_t* predictions, size_t pixels);
  // Throws FailedError if the numbers of classes differ.
  void Merge(const SegmentationCounts& other);

  const std::vector<ClassPixels>& classes() const { return classes_; }
  int64_t pixels() const;  // number of labelled pixels

  // Fractions in [0, 1]; FailedError when no pixel was counted.
  double mean_iou() const;        // mean of I/U over the classes with U > 0: predicted or present
  double mean_accuracy() const;   // mean of I/G over the classes with G > 0: present
  double pixel_accuracy() const;  // sum of I / sum of G

 private:
  std::vector<ClassPixels> classes_;
};

}  // namespace deepmad::train
