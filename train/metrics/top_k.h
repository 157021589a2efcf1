// Top-1 and top-5 as integer counts: parts of a data set are counted apart, added, and only then divided.
#pragma once

#include <cstdint>

namespace deepmad::train {

class TopKCounts {
 public:
  TopKCounts() = default;
  TopKCounts(int64_t samples, int64_t right1, int64_t right5) : samples_(samples), right1_(right1), right5_(right5) {}
  // `logits` [samples, classes] float32, row-major; `labels` [samples] in 0..classes-1. A label is right in the top k when fewer than k
  // classes come before it: those with a larger logit, and those with an equal one and a smaller number (so that a network
  // that says the same of every class is as bad as it should be). A NaN comes before everything, and a NaN label is never right.
  // FailedError for a label out of range.
  void Add(const float* logits, const int64_t* labels, int64_t samples, int64_t classes);
  void Merge(const TopKCounts& other);

  int64_t samples() const { return samples_; }
  int64_t right1() const { return right1_; }
  int64_t right5() const { return right5_; }
  // Fractions in [0, 1]; FailedError when nothing was counted.
  double top1() const;
  double top5() const;

 private:
  int64_t samples_ = 0, right1_ = 0, right5_ = 0;
};

}  // namespace deepmad::train
