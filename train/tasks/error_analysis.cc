#include "train/tasks/error_analysis.h"

#include <algorithm>
#include <tuple>

namespace deepmad::train {

void Findings::Add(int64_t sample, int64_t label, int64_t predicted, int64_t classes, double confidence) {
  if (classes_ == 0) {
    classes_ = classes;
    counts_.resize(static_cast<size_t>(classes * classes));
  }
  ++counts_[static_cast<size_t>(label * classes_ + predicted)];
  if (label == predicted) return;
  const Mistake mistake{sample, label, predicted, confidence};
  const auto worse = [](const Mistake& a, const Mistake& b) {
    return std::tuple(-a.confidence, a.sample) < std::tuple(-b.confidence, b.sample);
  };
  worst_.insert(std::upper_bound(worst_.begin(), worst_.end(), mistake, worse), mistake);
  if (worst_.size() > kWorst) worst_.pop_back();
}

}  // namespace deepmad::train
