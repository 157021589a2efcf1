#include "train/metrics/top_k.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "base/error.h"

namespace deepmad::train {
namespace {

// How many classes come before the label.
int64_t RankOf(int64_t label, const float* logits, int64_t classes) {
  const float own = logits[label];
  if (std::isnan(own)) return std::numeric_limits<int64_t>::max();
  int64_t before = 0;
  for (int64_t i = 0; i < classes; ++i) before += !(logits[i] <= own) || (i < label && logits[i] == own);
  return before;
}

double Share(int64_t right, int64_t samples) {
  if (samples == 0) throw base::FailedError("no sample was scored");
  return static_cast<double>(right) / static_cast<double>(samples);
}

}  // namespace

void TopKCounts::Add(const float* logits, const int64_t* labels, int64_t samples, int64_t classes) {
  for (int64_t i = 0; i < samples; ++i) {
    if (labels[i] < 0 || labels[i] >= classes) {
      throw base::FailedError(fmt::format("label {} of a network with {} classes", labels[i], classes), "",
                              "the data and the network must have the same classes");
    }
    const int64_t rank = RankOf(labels[i], logits + i * classes, classes);
    right1_ += rank < 1;
    right5_ += rank < 5;
    ++samples_;
  }
}

void TopKCounts::Merge(const TopKCounts& other) {
  samples_ += other.samples_;
  right1_ += other.right1_;
  right5_ += other.right5_;
}

double TopKCounts::top1() const { return Share(right1_, samples_); }
double TopKCounts::top5() const { return Share(right5_, samples_); }

}  // namespace deepmad::train
