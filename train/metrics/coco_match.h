// The greedy matching of COCO's box metric: assigns the detections of one class in one image to ground truths, at ten IoU thresholds and in
// four ranges of object area (docs/protocols/detection.md, section 8).
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

// The outcome for one detection, per area range; bit t stands for threshold t.
struct CocoVerdict {
  std::array<uint16_t, kCocoAreas> matched{};
  std::array<uint16_t, kCocoAreas> ignored{};  // counts neither way: matched an ignored object, or is unmatched and out of range
};

class CocoMatcher {
 public:
  CocoMatcher();
  // Writes one verdict per detection and adds the number of objects that count to `counted`, per area range. REQUIRES: `detections` is
  // sorted by descending score and has at most kCocoMostDetections entries; `truths` is in the order of the annotation file.
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
