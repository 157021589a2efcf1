// COCO's scores as JSON and as text.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "train/metrics/coco_ap.h"

namespace deepmad::train {

// {"stats": [12 numbers], "stat_names": ["AP", ...], "classes": [{"id": 3, "name": "car", "objects": , "detections": , "AP": , ...}, ...]},
// fractions, -1 where there is no object. Names are in the order of scores.classes.
base::Json CocoScoresJson(const CocoScores& scores, const std::vector<std::string>& class_names);
// Formats a document made by CocoScoresJson(): the twelve numbers in percent and in full, then a line per class in percent.
std::string CocoScoresText(const base::Json& document);
// Formats a fraction in percent, or "-" if there is nothing to score.
std::string CocoPercent(double value);

}  // namespace deepmad::train
