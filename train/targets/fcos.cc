#include "train/targets/fcos.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace deepmad::train {
namespace {

constexpr double kFirstRange = 64;     // pixels: upper end of the finest level's range; each next one doubles
constexpr double kCentreRadius = 1.5;  // strides

struct Range {
  double low, high;  // ends belong to it
};

Range LevelRange(size_t level, size_t levels) {
  const double low = level == 0 ? -1 : std::ldexp(kFirstRange, static_cast<int>(level) - 1);
  return {low, level + 1 == levels ? std::numeric_limits<double>::infinity() : std::ldexp(kFirstRange, static_cast<int>(level))};
}

// An open interval of a coordinate.
struct Span {
  double low, high;
};

Span InsideSpan(double low, double high, int stride, const FcosRule& rule) {
  if (!rule.centre_sampling) return {low, high};
  const double centre = (low + high) / 2;
  return {std::max(low, centre - kCentreRadius * stride), std::min(high, centre + kCentreRadius * stride)};
}

// The cells, among `count`, whose points may lie in the span; a cell too many at either end does no harm.
std::pair<int, int> CellsAround(const Span& span, int stride, int count) {
  const auto cell = [&](double value) {
    return static_cast<int>(std::clamp(std::floor(value / stride), -1.0, static_cast<double>(count)));
  };
  return {std::max(cell(span.low) - 1, 0), std::min(cell(span.high) + 1, count - 1)};
}

class Assigner {
 public:
  Assigner(const std::vector<TargetBox>& boxes, const FcosRule& rule, int64_t cells) : boxes_(boxes), rule_(rule) {
    targets_.boxes.assign(cells, kBackground);
    targets_.distances.assign(4 * cells, 0);
    targets_.centreness.assign(cells, 0);
  }

  void Level(const GridLevel& level, const Range& range, int64_t first_cell) {
    for (size_t b = 0; b < boxes_.size(); ++b) {
      const TargetBox& box = boxes_[b];
      const Span across = InsideSpan(box.left, box.right, level.stride, rule_), down = InsideSpan(box.top, box.bottom, level.stride, rule_);
      const auto [first_column, last_column] = CellsAround(across, level.stride, level.columns);
      const auto [first_row, last_row] = CellsAround(down, level.stride, level.rows);
      for (int row = first_row; row <= last_row; ++row) {
        const double y = row * level.stride + level.stride / 2;
        if (!(y > down.low && y < down.high)) continue;
        for (int column = first_column; column <= last_column; ++column) {
          const double x = column * level.stride + level.stride / 2;
          if (!(x > across.low && x < across.high)) continue;
          Offer(b, {x - box.left, y - box.top, box.right - x, box.bottom - y}, range,
                first_cell + static_cast<int64_t>(row) * level.columns + column, rule_.in_strides ? level.stride : 1);
        }
      }
    }
  }

  FcosTargets Finish() { return std::move(targets_); }

 private:
  void Offer(size_t b, const std::array<double, 4>& sides, const Range& range, int64_t cell, double unit) {
    const double farthest = *std::max_element(sides.begin(), sides.end());
    if (farthest < range.low || farthest > range.high) return;
    int32_t& taken = targets_.boxes[cell];
    if (taken != kBackground && boxes_[taken].area() <= boxes_[b].area()) return;
    taken = static_cast<int32_t>(b);
    for (size_t i = 0; i < 4; ++i) targets_.distances[4 * cell + i] = static_cast<float>(sides[i] / unit);
    const auto [left, top, right, bottom] = sides;
    targets_.centreness[cell] =
        static_cast<float>(std::sqrt(std::min(left, right) / std::max(left, right) * std::min(top, bottom) / std::max(top, bottom)));
  }

  const std::vector<TargetBox>& boxes_;
  const FcosRule& rule_;
  FcosTargets targets_;
};

}  // namespace

FcosTargets AssignFcos(const std::vector<GridLevel>& levels, const std::vector<TargetBox>& boxes, const FcosRule& rule) {
  Assigner assigner(boxes, rule, CellCount(levels));
  int64_t first_cell = 0;
  for (size_t l = 0; l < levels.size(); ++l) {
    assigner.Level(levels[l], LevelRange(l, levels.size()), first_cell);
    first_cell += levels[l].cells();
  }
  return assigner.Finish();
}

}  // namespace deepmad::train
