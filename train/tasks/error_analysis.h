// Error analysis of a classifier: its confusion matrix and its most confident mistakes.
#pragma once

#include <cstdint>
#include <vector>

namespace deepmad::train {

struct Mistake {
  int64_t sample = 0;  // of the validation set
  int64_t label = 0;
  int64_t predicted = 0;
  double confidence = 0;  // probability of the predicted class
};

class Findings {
 public:
  static constexpr size_t kWorst = 24;

  void Add(int64_t sample, int64_t label, int64_t predicted, int64_t classes, double confidence);

  int64_t classes() const { return classes_; }  // 0: nothing was added
  // The number of samples of class `label` that were classified as `predicted`.
  int64_t count(int64_t label, int64_t predicted) const { return counts_[static_cast<size_t>(label * classes_ + predicted)]; }
  // The most confident mistakes, at most kWorst, by descending confidence, then by sample.
  const std::vector<Mistake>& worst() const { return worst_; }

 private:
  int64_t classes_ = 0;
  std::vector<int64_t> counts_;  // [label][predicted]
  std::vector<Mistake> worst_;
};

}  // namespace deepmad::train
