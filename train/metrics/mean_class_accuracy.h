// How often each class is recognised, as integer counts: parts of a data set are counted apart, added, and only then divided.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace deepmad::train {

class ClassAccuracyCounts {
 public:
  struct OneClass {
    int64_t samples = 0;    // labelled so
    int64_t predicted = 0;  // of all samples
    int64_t right = 0;      // of the first
  };

  explicit ClassAccuracyCounts(int64_t classes) : classes_(static_cast<size_t>(classes)) {}
  // FailedError for a number out of range.
  void Add(int64_t label, int64_t predicted);
  void Merge(const ClassAccuracyCounts& other);

  const std::vector<OneClass>& classes() const { return classes_; }
  std::vector<OneClass>& classes() { return classes_; }
  // The mean of the recalls of the classes that occur among labels or predictions; a class that is predicted and never labelled counts 0
  // (docs/protocols/video.md, section 7). FailedError when nothing was counted.
  double mean() const;

 private:
  std::vector<OneClass> classes_;
};

}  // namespace deepmad::train
