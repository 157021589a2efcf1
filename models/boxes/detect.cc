#include "models/boxes/detect.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "models/boxes/nms.h"

namespace deepmad::models {
namespace {

float Sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

// The logit that a class needs at least, with a margin for rounding: what is clearly below costs no exponential.
float LeastLogit(double score) {
  if (score <= 0) return -std::numeric_limits<float>::infinity();
  if (score >= 1) return std::numeric_limits<float>::infinity();
  return static_cast<float>(std::log(score / (1 - score)) - 1e-3);
}

// The cells of a level with the largest joint score among those that hold a candidate, in their own order.
std::vector<int64_t> BestCells(const HeadLevel& level, int64_t classes, float least_logit, int64_t most) {
  const int64_t cells = static_cast<int64_t>(level.rows) * level.columns;
  std::vector<float> largest(level.classes, level.classes + cells);  // of the logits over classes
  for (int64_t k = 1; k < classes; ++k) {
    const float* plane = level.classes + k * cells;
    for (int64_t i = 0; i < cells; ++i) largest[i] = std::max(largest[i], plane[i]);
  }
  // A cell without a candidate may push one with a candidate out of the best, so all of them are compared where there are too many.
  std::vector<int64_t> chosen;
  if (cells > most) {
    std::vector<std::pair<float, int64_t>> scores(cells);
    for (int64_t i = 0; i < cells; ++i) scores[i] = {-Sigmoid(largest[i]) * Sigmoid(level.quality[i]), i};
    std::nth_element(scores.begin(), scores.begin() + most, scores.end());
    scores.resize(most);
    for (const auto& [score, cell] : scores) chosen.push_back(cell);
    std::sort(chosen.begin(), chosen.end());
  } else {
    for (int64_t i = 0; i < cells; ++i) chosen.push_back(i);
  }
  std::erase_if(chosen, [&](int64_t i) { return largest[i] < least_logit; });
  return chosen;
}

std::array<float, 4> Decode(const HeadLevel& level, int64_t cell, const PictureFrame& frame, const DetectOptions& options) {
  const int64_t cells = static_cast<int64_t>(level.rows) * level.columns;
  const int half = options.half_cell ? level.stride / 2 : 0;
  const auto x = static_cast<double>(cell % level.columns * level.stride + half),
             y = static_cast<double>(cell / level.columns * level.stride + half);
  const float* distances = level.distances + cell;
  const auto across = [&](double at) { return static_cast<float>(std::clamp(at, 0.0, frame.width) / frame.scale_x); };
  const auto down = [&](double at) { return static_cast<float>(std::clamp(at, 0.0, frame.height) / frame.scale_y); };
  return {across(x - distances[0]), down(y - distances[cells]), across(x + distances[2 * cells]), down(y + distances[3 * cells])};
}

}  // namespace

std::vector<Detection> Detect(const std::vector<HeadLevel>& levels, int64_t classes, const PictureFrame& frame,
                              const DetectOptions& options) {
  std::vector<float> boxes, scores;
  std::vector<int64_t> labels;
  const float least_logit = LeastLogit(options.least_score);
  for (const HeadLevel& level : levels) {
    const int64_t cells = static_cast<int64_t>(level.rows) * level.columns;
    for (const int64_t cell : BestCells(level, classes, least_logit, options.cells_a_level)) {
      const float quality = Sigmoid(level.quality[cell]);
      const std::array<float, 4> box = Decode(level, cell, frame, options);
      for (int64_t k = 0; k < classes; ++k) {
        const float logit = level.classes[k * cells + cell];
        if (logit < least_logit) continue;
        const float alone = Sigmoid(logit), joint = alone * quality;
        if (!((options.threshold_joint ? joint : alone) > options.least_score)) continue;
        boxes.insert(boxes.end(), box.begin(), box.end());
        scores.push_back(joint);
        labels.push_back(k);
      }
    }
  }
  std::vector<Detection> detections;
  const auto count = static_cast<int64_t>(scores.size());
  for (const int64_t i : SuppressOverlaps(boxes.data(), scores.data(), labels.data(), count, options.overlap, options.most)) {
    const float* box = boxes.data() + 4 * i;
    detections.push_back({{box[0], box[1], box[2], box[3]}, scores[i], labels[i]});
  }
  return detections;
}

}  // namespace deepmad::models
