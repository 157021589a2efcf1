// Forward-mode derivative in kDirections directions at once: value + sum of partials. The formulas of cost and entropy are written once
// over a scalar type and run on double or Dual.
#pragma once

#include <array>
#include <cmath>

namespace deepmad::mad {

class Dual {
 public:
  static constexpr int kDirections = 16;

  Dual() = default;
  Dual(double value) : value_(value) {}  // NOLINT: constants mix freely with variables
  // The variable of one direction.
  static Dual Variable(double value, int direction) {
    Dual dual(value);
    dual.partials_[static_cast<size_t>(direction)] = 1;
    return dual;
  }

  double value() const { return value_; }
  double partial(int direction) const { return partials_[static_cast<size_t>(direction)]; }

  Dual& operator+=(const Dual& other) { return Accumulate(other, value_ + other.value_, 1, 1); }
  Dual& operator-=(const Dual& other) { return Accumulate(other, value_ - other.value_, 1, -1); }
  Dual& operator*=(const Dual& other) { return Accumulate(other, value_ * other.value_, other.value_, value_); }
  Dual& operator/=(const Dual& other) {
    const double inverse = 1 / other.value_;
    return Accumulate(other, value_ * inverse, inverse, -value_ * inverse * inverse);
  }

  friend Dual operator+(Dual a, const Dual& b) { return a += b; }
  friend Dual operator-(Dual a, const Dual& b) { return a -= b; }
  friend Dual operator*(Dual a, const Dual& b) { return a *= b; }
  friend Dual operator/(Dual a, const Dual& b) { return a /= b; }
  friend Dual operator-(const Dual& a) { return a.Chain(-a.value_, -1); }

  friend Dual log(const Dual& a) { return a.Chain(std::log(a.value_), 1 / a.value_); }
  friend Dual exp(const Dual& a) { return a.Chain(std::exp(a.value_), std::exp(a.value_)); }
  friend Dual sqrt(const Dual& a) { return a.Chain(std::sqrt(a.value_), 0.5 / std::sqrt(a.value_)); }

 private:
  // value and partials of f(a) given f and f' at a.
  Dual Chain(double value, double slope) const {
    Dual result(value);
    for (size_t i = 0; i < partials_.size(); ++i) result.partials_[i] = slope * partials_[i];
    return result;
  }
  Dual& Accumulate(const Dual& other, double value, double own, double others) {
    for (size_t i = 0; i < partials_.size(); ++i) partials_[i] = own * partials_[i] + others * other.partials_[i];
    value_ = value;
    return *this;
  }

  double value_ = 0;
  std::array<double, kDirections> partials_{};
};

// The number itself, without derivatives.
inline double Value(double x) { return x; }
inline double Value(const Dual& x) { return x.value(); }

}  // namespace deepmad::mad
