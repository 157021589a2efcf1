#include "train/metrics/mean_class_accuracy.h"

#include <fmt/format.h>

#include "base/error.h"

namespace deepmad::train {

void ClassAccuracyCounts::Add(int64_t label, int64_t predicted) {
  for (const int64_t number : {label, predicted}) {
    if (number < 0 || number >= static_cast<int64_t>(classes_.size())) {
      throw base::FailedError(fmt::format("class {} of {}", number, classes_.size()));
    }
  }
  ++classes_[static_cast<size_t>(label)].samples;
  ++classes_[static_cast<size_t>(predicted)].predicted;
  if (label == predicted) ++classes_[static_cast<size_t>(label)].right;
}

void ClassAccuracyCounts::Merge(const ClassAccuracyCounts& other) {
  for (size_t i = 0; i < classes_.size(); ++i) {
    classes_[i].samples += other.classes_[i].samples;
    classes_[i].predicted += other.classes_[i].predicted;
    classes_[i].right += other.classes_[i].right;
  }
}

double ClassAccuracyCounts::mean() const {
  double sum = 0;
  int64_t occurring = 0;
  for (const OneClass& one : classes_) {
    if (one.samples > 0) sum += static_cast<double>(one.right) / static_cast<double>(one.samples);
    occurring += one.samples > 0 || one.predicted > 0;
  }
  if (occurring == 0) throw base::FailedError("no sample was scored");
  return sum / static_cast<double>(occurring);
}

}  // namespace deepmad::train
