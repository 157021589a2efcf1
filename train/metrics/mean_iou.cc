#include "train/metrics/mean_iou.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <utility>

#include "base/error.h"

namespace deepmad::train {
namespace {

// Where pixels go that do not count: the slots 256 to 511 of a histogram.
constexpr size_t kElsewhere = 256;
using Histogram = std::array<int64_t, 512>;

struct Tally {
  Histogram labelled{}, predicted{}, both{};

  void Add(uint8_t label, uint8_t prediction, int64_t pixels) {
    labelled[label] += pixels;
    predicted[prediction + (label == kIgnoredLabel ? kElsewhere : 0)] += pixels;
    both[label == prediction ? label : kElsewhere] += pixels;
  }
};

bool AllBytesEqual(uint64_t word) { return word == std::rotl(word, 8); }

// Maps have large regions of one class, so eight pixels mostly are one number. The others go to four tallies in turn: a tally of its own
// keeps a pixel from waiting for the sum that the pixel before has just changed.
std::unique_ptr<std::array<Tally, 4>> Count(const uint8_t* labels, const uint8_t* predictions, size_t pixels) {
  auto tallies = std::make_unique<std::array<Tally, 4>>();
  size_t i = 0;
  for (; i + 8 <= pixels; i += 8) {
    uint64_t label_word, prediction_word;
    std::memcpy(&label_word, labels + i, 8);
    std::memcpy(&prediction_word, predictions + i, 8);
    if (AllBytesEqual(label_word) && AllBytesEqual(prediction_word)) {
      (*tallies)[i / 8 % 4].Add(labels[i], predictions[i], 8);
    } else {
      for (size_t j = 0; j < 8; ++j) (*tallies)[j % 4].Add(labels[i + j], predictions[i + j], 1);
    }
  }
  for (; i < pixels; ++i) (*tallies)[0].Add(labels[i], predictions[i], 1);
  return tallies;
}

int64_t LabelledPixels(const std::vector<ClassPixels>& classes) {
  int64_t sum = 0;
  for (const ClassPixels& one : classes) sum += one.labelled;
  return sum;
}

void CheckSomeCounted(const std::vector<ClassPixels>& classes) {
  if (LabelledPixels(classes) == 0) throw base::FailedError("no labelled pixel was scored");
}

double Mean(const std::vector<ClassPixels>& classes, int64_t (*denominator)(const ClassPixels&)) {
  double sum = 0;
  int64_t counted = 0;
  for (const ClassPixels& one : classes) {
    if (denominator(one) == 0) continue;
    sum += static_cast<double>(one.both) / static_cast<double>(denominator(one));
    ++counted;
  }
  return sum / static_cast<double>(counted);
}

}  // namespace

SegmentationCounts::SegmentationCounts(int64_t classes) {
  if (classes < 1 || classes > kIgnoredLabel) throw std::logic_error("SegmentationCounts: 1 to 255 classes");
  classes_.resize(static_cast<size_t>(classes));
}

void SegmentationCounts::Add(const uint8_t* labels, const uint8_t* predictions, size_t pixels) {
  const auto tallies = Count(labels, predictions, pixels);
  const auto total = [&](const Histogram Tally::*histogram, size_t value) {
    int64_t sum = 0;
    for (const Tally& tally : *tallies) sum += (tally.*histogram)[value];
    return sum;
  };
  for (size_t value = classes_.size(); value < kIgnoredLabel; ++value) {
    for (const auto& [what, histogram] : {std::pair{"label", &Tally::labelled}, std::pair{"prediction", &Tally::predicted}}) {
      const int64_t wrong = total(histogram, value);
      if (wrong == 0) continue;
      throw base::FailedError(fmt::format("{} {} at {} pixels, with {} classes", what, value, wrong, classes_.size()), "",
                              "the data and the network must have the same classes");
    }
  }
  for (size_t value = 0; value < classes_.size(); ++value) {
    classes_[value].both += total(&Tally::both, value);
    classes_[value].predicted += total(&Tally::predicted, value);
    classes_[value].labelled += total(&Tally::labelled, value);
  }
}

void SegmentationCounts::Merge(const SegmentationCounts& other) {
  if (other.classes_.size() != classes_.size()) {
    throw base::FailedError(fmt::format("counts of {} and of {} classes cannot be added", classes_.size(), other.classes_.size()));
  }
  for (size_t i = 0; i < classes_.size(); ++i) {
    classes_[i].both += other.classes_[i].both;
    classes_[i].predicted += other.classes_[i].predicted;
    classes_[i].labelled += other.classes_[i].labelled;
  }
}

int64_t SegmentationCounts::pixels() const { return LabelledPixels(classes_); }

double SegmentationCounts::mean_iou() const {
  CheckSomeCounted(classes_);
  return Mean(classes_, [](const ClassPixels& one) { return one.either(); });
}

double SegmentationCounts::mean_accuracy() const {
  CheckSomeCounted(classes_);
  return Mean(classes_, [](const ClassPixels& one) { return one.labelled; });
}

double SegmentationCounts::pixel_accuracy() const {
  CheckSomeCounted(classes_);
  int64_t right = 0;
  for (const ClassPixels& one : classes_) right += one.both;
  return static_cast<double>(right) / static_cast<double>(pixels());
}

}  // namespace deepmad::train
