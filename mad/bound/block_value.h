// What one block adds to the Lagrangian at given widths: gain - cost, maximised over the bottleneck exactly.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "mad/problem/block_polynomials.h"

namespace deepmad::mad {

// The cost of a block under given multipliers: a polynomial with coefficients >= 0.
struct BlockCost {
  std::array<double, Form::kMonomials> terms{};

  void Add(const Form& form, double factor) {
    for (int i = 0; i < Form::kMonomials; ++i) terms[static_cast<size_t>(i)] += factor * form.coefficient(i);
  }
  void AddTimes(const BlockCost& other, double factor) {
    for (size_t i = 0; i < terms.size(); ++i) terms[i] += factor * other.terms[i];
  }
  double operator[](int monomial) const { return terms[static_cast<size_t>(monomial)]; }
};

// The gain: linear in logarithms.
struct BlockGain {
  double constant = 0, in = 0, out = 0, bottleneck = 0;

  void Add(const Form& form, double factor) {
    constant += factor * form.coefficient(0);
    in += factor * form.log_coefficient(kInSymbol);
    out += factor * form.log_coefficient(kOutSymbol);
    bottleneck += factor * form.log_coefficient(kBottleneckSymbol);
  }
};

// gain * ln m - square * m^2 - linear * m - (hidden + hidden_slope * m) * h(m) over the bottlenecks m of a range on the grid. h(m) is
// at least share * m - below.
struct BottleneckTerm {
  double gain, square, linear;
  double hidden, hidden_slope;
};

// The squeeze-excite widths of a block's bottlenecks, and the line below them.
struct HiddenWidths {
  std::vector<double> of;  // by the bottleneck's number; empty without squeeze-excite
  double share = 0;
  double below = 0;
};

class BestBottleneck {
 public:
  BestBottleneck(const std::vector<double>& log, int multiple) : log_(log.data()), multiple_(multiple) {}

  // The maximum; `best` may be null. Requires a range that is not empty; a range of one number need not be on the grid.
  double Maximum(const BottleneckTerm& term, const Range& range, const HiddenWidths& hidden, int* best) const {
    if (range.low == range.high) {
      if (best) *best = range.low;
      return Value(term, range.low, hidden);
    }
    return hidden.of.empty() || (term.hidden == 0 && term.hidden_slope == 0) ? Concave(term, range, best)
                                                                             : Staircase(term, range, hidden, best);
  }

  // The maxima with `slopes[i]`, which ascend, added to the linear coefficient: as many as `values`. The best bottleneck falls with the
  // slope, so all lie between those of the two ends; the upper hull of the values in between serves every slope.
  void Maxima(const BottleneckTerm& term, const Range& range, const HiddenWidths& hidden, const std::vector<double>& slopes,
              std::vector<double>& values) {
    const auto with = [&](double slope) {
      BottleneckTerm other = term;
      other.linear += slope;
      return other;
    };
    int lowest = range.low, highest = range.high;
    values.back() = Maximum(with(slopes.back()), range, hidden, &lowest);
    if (slopes.size() == 1) return;
    values.front() = Maximum(with(slopes.front()), range, hidden, &highest);
    if (slopes.size() == 2) return;
    hull_.clear();
    for (int m = lowest; m <= highest; m += multiple_) {
      const Point point{static_cast<double>(m), Value(term, m, hidden)};
      while (hull_.size() > 1 && Rise(hull_[hull_.size() - 2], point) >= Rise(hull_[hull_.size() - 2], hull_.back())) hull_.pop_back();
      hull_.push_back(point);
    }
    size_t at = hull_.size() - 1;
    for (size_t i = 1; i + 1 < slopes.size(); ++i) {
      const auto value = [&](const Point& point) { return point.value - slopes[i] * point.m; };
      while (at > 0 && value(hull_[at - 1]) >= value(hull_[at])) --at;
      values[i] = value(hull_[at]);
    }
  }

 private:
  struct Point {
    double m, value;
  };
  static double Rise(const Point& a, const Point& b) { return (b.value - a.value) / (b.m - a.m); }

  double Value(const BottleneckTerm& term, int m, const HiddenWidths& hidden) const {
    double value = term.gain * log_[m] - (term.square * m + term.linear) * m;
    if (!hidden.of.empty()) value -= (term.hidden + term.hidden_slope * m) * hidden.of[static_cast<size_t>(m)];
    return value;
  }
  double Smooth(const BottleneckTerm& term, int m) const { return term.gain * log_[m] - (term.square * m + term.linear) * m; }

  // The grid's number at or below the real maximiser of the concave function, inside the range.
  int Below(const BottleneckTerm& term, const Range& range) const {
    // Of square * 2 m^2 + linear * m = gain, in the form that cancels nothing where `square` is next to zero.
    const double square_root = std::sqrt(term.linear * term.linear + 8 * term.square * term.gain);
    const double divisor = term.linear + square_root;
    if (term.linear >= 0 && divisor == 0) return term.gain > 0 ? range.high : range.low;  // nothing but a gain, or none
    const double root = term.linear >= 0 ? 2 * term.gain / divisor : (square_root - term.linear) / (4 * term.square);
    if (!(root < range.high)) return range.high;
    if (root <= range.low) return range.low;
    return range.low + static_cast<int>((root - range.low) / multiple_) * multiple_;
  }

  double Concave(const BottleneckTerm& term, const Range& range, int* best) const {
    const int below = Below(term, range);
    const int above = std::min(below + multiple_, range.high);
    const double at_below = Smooth(term, below), at_above = Smooth(term, above);
    if (best) *best = at_below >= at_above ? below : above;
    return std::max(at_below, at_above);
  }

  // With the line below h in its place the function is concave and never below; from its maximiser outwards, until it is below the best.
  double Staircase(const BottleneckTerm& term, const Range& range, const HiddenWidths& hidden, int* best) const {
    BottleneckTerm upper{term.gain, term.square + hidden.share * term.hidden_slope,
                         term.linear + hidden.share * term.hidden - hidden.below * term.hidden_slope, 0, 0};
    const double lift = hidden.below * term.hidden;
    const int start = Below(upper, range);
    double maximum = -1e300;
    const auto visit = [&](int m) {
      if (Smooth(upper, m) + lift < maximum) return false;
      const double value = Value(term, m, hidden);
      if (value > maximum) {
        maximum = value;
        if (best) *best = m;
      }
      return true;
    };
    for (int m = start; m >= range.low && visit(m); m -= multiple_) {
    }
    for (int m = start + multiple_; m <= range.high && visit(m); m += multiple_) {
    }
    return maximum;
  }

  const double* log_;
  int multiple_;
  std::vector<Point> hull_;  // of Maxima
};

}  // namespace deepmad::mad
