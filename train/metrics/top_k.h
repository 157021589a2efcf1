// Top-1 and top-5 accuracy as integer counts. Parts of a data set are counted separately, merged, and only then divided.
#pragma once

#include <cstdint>

namespace deepmad::train {

class TopKCounts {
 public:
  TopKCounts() = default;
  TopKCounts(int64_t samples, int64_t right1, int64_t right5) : samples_(samples), right1_(right1), right5_(right5) {}
  // Counts samples: `logits` [samples, classes] float32, row-major; `labels` [samples] in 0..classes-1. A label is correct in the top k if
  // fewer than k classes precede it. A class precedes the label if its logit is larger, or equal and its index smaller (so a constant
  // network scores at chance level), or NaN. A label whose own logit is NaN is never correct. Throws FailedError for a label out of range.
  void Add(const float* logits, const int64_t* labels, int64_t samples, int64_t classes);
  void Merge(const TopKCounts& other);

  int64_t samples() const { return samples_; }
  int64_t right1() const { return right1_; }
  int64_t right5() const { return right5_; }
  // Fractions in [0, 1]; throws FailedError if nothing was counted.
  double top1() const;
  double top5() const;

 private:
  int64_t samples_ = 0, right1_ = 0, right5_ = 0;
};

}  // namespace deepmad::train
