// Accuracy of each class as integer counts. Parts of a data set are counted separately, merged, and only then divided.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace deepmad::train {

class ClassAccuracyCounts {
 public:
  struct OneClass {
    int64_t samples = 0;    // samples with this label
    int64_t predicted = 0;  // samples with this prediction
    int64_t right = 0;      // samples with both
  };

  explicit ClassAccuracyCounts(int64_t classes) : classes_(static_cast<size_t>(classes)) {}
  // Throws FailedError if a class index is out of range.
  void Add(int64_t label, int64_t predicted);
  void Merge(const ClassAccuracyCounts& other);

  const std::vector<OneClass>& classes() const { return classes_; }
  std::vector<OneClass>& classes() { return classes_; }
  // The mean of the recalls of the classes that occur among labels or predictions; a class that is predicted and never labelled counts 0
  // (docs/protocols/video.md, section 7). Throws FailedError if nothing was counted.
  double mean() const;

 private:
  std::vector<OneClass> classes_;
};

}  // namespace deepmad::train
