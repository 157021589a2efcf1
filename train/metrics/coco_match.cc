#include "train/metrics/coco_match.h"

#include <algorithm>

namespace deepmad::train {
namespace {

constexpr size_t kNone = SIZE_MAX;
constexpr double kLargest = 1e10;  // pixels; no object is larger

struct AreaRange {
  double low, high;  // both ends belong to it

  bool Holds(double area) const { return area >= low && area <= high; }
};

constexpr std::array<AreaRange, kCocoAreas> kRanges = {{{0, kLargest}, {0, 1024}, {1024, 9216}, {9216, kLargest}}};

double Area(const CocoBox& box) { return box[2] * box[3]; }

// Intersection over union; over the detection's area alone where the object is a crowd, of which a detection may be any part.
double Overlap(const CocoBox& detection, const CocoTruth& truth) {
  const CocoBox& box = truth.box;
  const double width = std::min(detection[2] + detection[0], box[2] + box[0]) - std::max(detection[0], box[0]);
  if (width <= 0) return 0;
  const double height = std::min(detection[3] + detection[1], box[3] + box[1]) - std::max(detection[1], box[1]);
  if (height <= 0) return 0;
  const double intersection = width * height;
  return intersection / (truth.crowd ? Area(detection) : Area(detection) + Area(box) - intersection);
}

}  // namespace

std::array<double, kCocoThresholds> CocoIouThresholds() {
  std::array<double, kCocoThresholds> thresholds{};
  const double step = (0.95 - 0.5) / (kCocoThresholds - 1);
  for (size_t t = 0; t < kCocoThresholds; ++t) thresholds[t] = static_cast<double>(t) * step + 0.5;
  thresholds.back() = 0.95;
  return thresholds;
}

CocoMatcher::CocoMatcher() : thresholds_(CocoIouThresholds()) {}

void CocoMatcher::Match(const std::vector<const CocoDetection*>& detections, const std::vector<const CocoTruth*>& truths,
                        CocoVerdict* verdicts, std::array<int64_t, kCocoAreas>* counted) {
  overlaps_.resize(detections.size() * truths.size());
  for (size_t d = 0; d < detections.size(); ++d) {
    verdicts[d] = {};
    for (size_t g = 0; g < truths.size(); ++g) overlaps_[d * truths.size() + g] = Overlap(detections[d]->box, *truths[g]);
  }
  ignored_.resize(truths.size());
  order_.resize(truths.size());
  taken_.resize(truths.size());
  for (size_t area = 0; area < kCocoAreas; ++area) {
    size_t first = 0;
    for (size_t g = 0; g < truths.size(); ++g) {
      ignored_[g] = truths[g]->crowd || !kRanges[area].Holds(truths[g]->area);
      if (!ignored_[g]) order_[first++] = g;
    }
    (*counted)[area] += static_cast<int64_t>(first);
    for (size_t g = 0; g < truths.size(); ++g) {
      if (ignored_[g]) order_[first++] = g;
    }
    MatchInRange(area, detections, truths, verdicts);
  }
}

void CocoMatcher::MatchInRange(size_t area, const std::vector<const CocoDetection*>& detections,
                               const std::vector<const CocoTruth*>& truths, CocoVerdict* verdicts) {
  for (size_t t = 0; t < kCocoThresholds; ++t) {
    const auto bit = static_cast<uint16_t>(1U << t);
    std::fill(taken_.begin(), taken_.end(), uint8_t{0});
    for (size_t d = 0; d < detections.size(); ++d) {
      const double* overlaps = overlaps_.data() + d * truths.size();
      double best = std::min(thresholds_[t], 1 - 1e-10);
      size_t match = kNone;
      for (const size_t g : order_) {
        if (taken_[g] && !truths[g]->crowd) continue;
        if (match != kNone && !ignored_[match] && ignored_[g]) break;  // an object that counts goes before any that does not
        if (overlaps[g] < best) continue;
        best = overlaps[g];
        match = g;
      }
      CocoVerdict& verdict = verdicts[d];
      if (match != kNone) {
        taken_[match] = 1;
        verdict.matched[area] |= bit;
        if (ignored_[match]) verdict.ignored[area] |= bit;
      } else if (!kRanges[area].Holds(Area(detections[d]->box))) {
        verdict.ignored[area] |= bit;
      }
    }
  }
}

}  // namespace deepmad::train
