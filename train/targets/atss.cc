#include "train/targets/atss.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace deepmad::train {
namespace {

constexpr int kNearest = 9;            // candidates a box and level
constexpr double kHalfSide = 4;        // strides, of an anchor
constexpr double kLeastInside = 0.01;  // pixels

struct Candidate {
  int64_t cell;
  double overlap;
  bool inside;  // its centre in the box
};

double Overlap(double x, double y, double half, const TargetBox& box) {
  const double width = std::min<double>(x + half, box.right) - std::max<double>(x - half, box.left);
  const double height = std::min<double>(y + half, box.bottom) - std::max<double>(y - half, box.top);
  if (width <= 0 || height <= 0) return 0;
  return width * height / (4 * half * half + box.area() - width * height);
}

bool Inside(double x, double y, const TargetBox& box) {
  return std::min({x - box.left, y - box.top, box.right - x, box.bottom - y}) > kLeastInside;
}

// Appends the nearest anchors of one level, of which the first `rows` x `columns` cells take part.
void AddNearest(const GridLevel& level, int rows, int columns, int64_t first_cell, const TargetBox& box,
                std::vector<Candidate>* candidates) {
  const double centre_x = (static_cast<double>(box.left) + box.right) / 2, centre_y = (static_cast<double>(box.top) + box.bottom) / 2;
  // No cell further than kNearest columns from the nearest one can be among the nearest: as many of its row lie between. So for rows.
  const auto window = [](double centre, int stride, int count) {
    const int nearest = static_cast<int>(std::clamp(std::round(centre / stride), 0.0, count - 1.0));
    return std::pair{std::max(nearest - kNearest, 0), std::min(nearest + kNearest, count - 1)};
  };
  const auto [first_column, last_column] = window(centre_x, level.stride, columns);
  const auto [first_row, last_row] = window(centre_y, level.stride, rows);
  struct Near {
    double distance;  // squared
    int row, column;
  };
  std::vector<Near> near;
  for (int row = first_row; row <= last_row; ++row) {
    for (int column = first_column; column <= last_column; ++column) {
      const double dx = column * level.stride - centre_x, dy = row * level.stride - centre_y;
      near.push_back({dx * dx + dy * dy, row, column});
    }
  }
  std::stable_sort(near.begin(), near.end(), [](const Near& a, const Near& b) { return a.distance < b.distance; });
  near.resize(std::min<size_t>(near.size(), kNearest));
  for (const Near& cell : near) {
    const double x = cell.column * level.stride, y = cell.row * level.stride;
    candidates->push_back({first_cell + static_cast<int64_t>(cell.row) * level.columns + cell.column,
                           Overlap(x, y, kHalfSide * level.stride, box), Inside(x, y, box)});
  }
}

// The overlap from which on candidates are positive.
double Threshold(const std::vector<Candidate>& candidates) {
  double sum = 0, squares = 0;
  for (const Candidate& candidate : candidates) sum += candidate.overlap;
  const double mean = sum / static_cast<double>(candidates.size());
  for (const Candidate& candidate : candidates) squares += (candidate.overlap - mean) * (candidate.overlap - mean);
  return mean + std::sqrt(squares / std::max(1.0, static_cast<double>(candidates.size()) - 1));
}

}  // namespace

std::vector<int32_t> AssignAtss(const std::vector<GridLevel>& levels, const std::vector<TargetBox>& boxes, int height, int width) {
  std::vector<int32_t> assigned(CellCount(levels), kNoLoss);
  const auto valid_rows = [&](const GridLevel& level) { return std::min(level.rows, (height + level.stride - 1) / level.stride); };
  const auto valid_columns = [&](const GridLevel& level) { return std::min(level.columns, (width + level.stride - 1) / level.stride); };
  int64_t first_cell = 0;
  for (const GridLevel& level : levels) {
    for (int row = 0; row < valid_rows(level); ++row) {
      std::fill_n(assigned.begin() + first_cell + static_cast<int64_t>(row) * level.columns, valid_columns(level), kBackground);
    }
    first_cell += level.cells();
  }
  std::vector<double> overlaps(assigned.size(), -1);  // with the box that a cell has so far
  std::vector<Candidate> candidates;
  for (size_t b = 0; b < boxes.size(); ++b) {
    candidates.clear();
    first_cell = 0;
    for (const GridLevel& level : levels) {
      AddNearest(level, valid_rows(level), valid_columns(level), first_cell, boxes[b], &candidates);
      first_cell += level.cells();
    }
    const double threshold = Threshold(candidates);
    for (const Candidate& candidate : candidates) {
      if (candidate.overlap < threshold || !candidate.inside || candidate.overlap <= overlaps[candidate.cell]) continue;
      overlaps[candidate.cell] = candidate.overlap;
      assigned[candidate.cell] = static_cast<int32_t>(b);
    }
  }
  return assigned;
}

}  // namespace deepmad::train
