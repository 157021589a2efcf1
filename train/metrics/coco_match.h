// Which detections of one class in one image find an object: the greedy matching of COCO's box metric, at its ten thresholds and in its
// four ranges of object area.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "train/metrics/coco_boxes.h"

namespace deepmad::train {

inline constexpr size_t kCocoThresholds = 10;
inline constexpr size_t kCocoAreas = 4;  // all, small, medium, large
inline constexpr size_t kCocoMostDetections = 100;

// 0.5, 0.55, ..., 0.95 as numpy's linspace has them, to the bit: an overlap may lie on one.
std::array<double, kCocoThresholds> CocoIouThresholds();

// Of one detection; bit t stands for threshold t.
struct CocoVerdict {
  std::array<uint16_t, kCocoAreas> matched{};
  std::array<uint16_t, kCocoAreas> ignored{};  // neither right nor wrong: it took an ignored object, or none and is itself out of range
};

class CocoMatcher {
 public:
  CocoMatcher();
  // `detections` by falling score, at most kCocoMostDetections; `truths` in their order in the file. Writes one verdict a detection and
  // adds the objects that count to `counted`, one an area range.
  void Match(const std::vector<const CocoDetection*>& detections, const std::vector<const CocoTruth*>& truths, CocoVerdict* verdicts,
             std::array<int64_t, kCocoAreas>* counted);

 private:
  void MatchInRange(size_t area, const std::vector<const CocoDetection*>& detections, const std::vector<const CocoTruth*>& truths,
                    CocoVerdict* verdicts);

  std::array<double, kCocoThresholds> thresholds_;
  // Scratch, kept from image to image.
  std::vector<double> overlaps_;  // [detections, truths]
  std::vector<uint8_t> ignored_;  // a truth
  std::vector<size_t> order_;     // truths, those that count first
  std::vector<uint8_t> taken_;    // a truth, at one threshold
};

}  // namespace deepmad::train
