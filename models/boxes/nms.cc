#include "models/boxes/nms.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace deepmad::models {
namespace {

// Boxes of one class that are not decided yet, best first; columns, so that the loop over them is one over vectors.
class Waiting {
 public:
  void Clear() { size_ = 0; }
  void Add(const float* box, int64_t place) {
    if (size_ == place_.size()) {
      for (auto* column : {&left_, &top_, &right_, &bottom_, &area_}) column->resize(2 * size_ + 64);
      place_.resize(2 * size_ + 64);
      dropped_.resize(2 * size_ + 64);
    }
    left_[size_] = box[0];
    top_[size_] = box[1];
    right_[size_] = box[2];
    bottom_[size_] = box[3];
    area_[size_] = (box[2] - box[0]) * (box[3] - box[1]);
    place_[size_] = place;
    dropped_[size_++] = 0;
  }

  // Appends the places of the boxes that are kept.
  void Decide(float limit, std::vector<int64_t>* kept) {
    constexpr int kBeforeCompacting = 16;  // boxes kept between two clearings of what was dropped
    for (size_t at = 0, since = 0; at < size_; ++at) {
      if (dropped_[at]) continue;
      kept->push_back(place_[at]);
      DropOverlapping(at, limit);
      if (++since < kBeforeCompacting) continue;
      Compact(at + 1);
      at = SIZE_MAX;  // the next one is the first
      since = 0;
    }
  }

 private:
  void DropOverlapping(size_t at, float limit) {
    const float left = left_[at], top = top_[at], right = right_[at], bottom = bottom_[at], area = area_[at];
    const float *lefts = left_.data(), *tops = top_.data(), *rights = right_.data(), *bottoms = bottom_.data(), *areas = area_.data();
    int32_t* dropped = dropped_.data();
    for (size_t i = at + 1; i < size_; ++i) {
      const float width = std::max(0.0f, std::min(right, rights[i]) - std::max(left, lefts[i]));
      const float height = std::max(0.0f, std::min(bottom, bottoms[i]) - std::max(top, tops[i]));
      const float both = width * height;
      dropped[i] |= both / (area + areas[i] - both) > limit ? 1 : 0;
    }
  }

  // Moves what is neither decided nor dropped, from `first` on, to the front.
  void Compact(size_t first) {
    size_t to = 0;
    for (size_t from = first; from < size_; ++from) {
      if (dropped_[from]) continue;
      for (auto* column : {&left_, &top_, &right_, &bottom_, &area_}) (*column)[to] = (*column)[from];
      place_[to] = place_[from];
      dropped_[to++] = 0;
    }
    size_ = to;
  }

  size_t size_ = 0;
  std::vector<float> left_, top_, right_, bottom_, area_;
  std::vector<int64_t> place_;
  std::vector<int32_t> dropped_;  // as wide as the floats
};

// A float32 is above the limit exactly where it is above the threshold.
float FloatLimit(double threshold) {
  const auto nearest = static_cast<float>(threshold);
  return nearest > threshold ? std::nextafter(nearest, -std::numeric_limits<float>::infinity()) : nearest;
}

}  // namespace

std::vector<int64_t> SuppressOverlaps(const float* boxes, const float* scores, const int64_t* classes, int64_t count, double threshold,
                                      int64_t most) {
  std::vector<int64_t> order(count);  // best first: a place is a rank in it
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return scores[a] > scores[b]; });
  std::vector<int64_t> by_class(count);
  std::iota(by_class.begin(), by_class.end(), 0);
  std::stable_sort(by_class.begin(), by_class.end(), [&](int64_t a, int64_t b) { return classes[order[a]] < classes[order[b]]; });
  const float limit = FloatLimit(threshold);
  std::vector<int64_t> kept;
  Waiting waiting;
  for (size_t i = 0; i < by_class.size();) {
    const int64_t one = classes[order[by_class[i]]];
    waiting.Clear();
    for (; i < by_class.size() && classes[order[by_class[i]]] == one; ++i) waiting.Add(boxes + 4 * order[by_class[i]], by_class[i]);
    waiting.Decide(limit, &kept);
  }
  std::sort(kept.begin(), kept.end());
  kept.resize(std::min<size_t>(kept.size(), static_cast<size_t>(most)));
  for (int64_t& place : kept) place = order[place];
  return kept;
}

}  // namespace deepmad::models
