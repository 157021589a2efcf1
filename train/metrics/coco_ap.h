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

// The order of CocoScores::stats. AP is the mean over thresholds of IoU, recall points and classes; AR that of the largest recall.
inline constexpr std::array<const char*, 12> kCocoStatNames = {"AP",  "AP50", "AP75",  "APsmall", "APmedium", "APlarge",
                                                               "AR1", "AR10", "AR100", "ARsmall", "ARmedium", "ARlarge"};

// Precision at the recall points, a row a threshold of IoU: all areas, 100 detections an image.
using CocoPrecision = std::array<std::array<double, kCocoRecallPoints>, kCocoThresholds>;

struct CocoClassScores {
  int64_t category = 0;
  int64_t truths = 0;            // objects, crowds left out
  int64_t detections = 0;        // at most 100 an image are scored
  std::array<double, 12> stats;  // as below, of this class alone
};

struct CocoScores {
  std::array<double, 12> stats;          // fractions; -1 where there is no object to find
  std::vector<CocoClassScores> classes;  // by ascending category
  CocoPrecision precision;               // mean over the classes with objects; -1 where there are none
  int64_t other_detections = 0;          // of categories that are not listed: left out, as pycocotools does
};

// Classes are scored in parallel by `threads` threads (at least 1); the result does not depend on their number, and on the order of the
// boxes only between equal scores and equal overlaps. FailedError for a box of an image that is not listed, an object of a category that is
// not, and a score or side that is not finite.
CocoScores ScoreCocoBoxes(const CocoTruths& truths, const std::vector<CocoDetection>& detections, int threads);

}  // namespace deepmad::train
