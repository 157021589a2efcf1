// COCO's box metric: average precision and recall as COCOeval of pycocotools computes them for boxes, its twelve numbers and the numbers of
// each class.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "train/metrics/coco_boxes.h"
#include "train/metrics/coco_match.h"

namespace deepmad::train {

inline constexpr size_t kCocoRecallPoints = 101;  // 0, 0.01, ..., 1

// The order of CocoScores::stats. AP is the mean over thresholds of IoU, recall points and classes; AR is the mean of the largest recall
// over thresholds and classes.
inline constexpr std::array<const char*, 12> kCocoStatNames = {"AP",  "AP50", "AP75",  "APsmall", "APmedium", "APlarge",
                                                               "AR1", "AR10", "AR100", "ARsmall", "ARmedium", "ARlarge"};

// Precision at the recall points, a row a threshold of IoU: all areas, 100 detections an image.
using CocoPrecision = std::array<std::array<double, kCocoRecallPoints>, kCocoThresholds>;

struct CocoClassScores {
  int64_t category = 0;
  int64_t truths = 0;            // objects, crowds left out
  int64_t detections = 0;        // at most 100 an image are scored
  std::array<double, 12> stats;  // of this class alone, in the order of kCocoStatNames
};

struct CocoScores {
  std::array<double, 12> stats;          // fractions, in the order of kCocoStatNames; -1 without objects to find
  std::vector<CocoClassScores> classes;  // by ascending category
  CocoPrecision precision;               // mean over the classes with objects; -1 if there are none
  int64_t other_detections = 0;          // detections of unlisted categories, which are ignored as in pycocotools
};

// Computes the metric with `threads` threads (at least 1), one class at a time each. The result does not depend on their number, and on the
// order of the boxes only where scores or overlaps tie. Throws FailedError for a box in an unlisted image, an object of an unlisted
// category, and a score or side that is not finite.
CocoScores ScoreCocoBoxes(const CocoTruths& truths, const std::vector<CocoDetection>& detections, int threads);

}  // namespace deepmad::train
