// A symbolic scalar. A recipe evaluated with it yields its counts as polynomials of its channel numbers instead of as single numbers. The
// upper bound, the relaxation and the search use these polynomials.
//
//   value = sum of coefficients * monomials of degree <= 2 in the symbols + sum of log coefficients * ln(symbol)
//
// Recipes may combine channel numbers by sums, products of up to two of them, and logarithms of products. Anything else throws
// std::logic_error, which the contract test of the block registry (tests/mad/problem/block_polynomials_test.cc) detects.
#pragma once

#include <array>
#include <cmath>
#include <stdexcept>

namespace deepmad::mad {

// The channel numbers that a unit's counts depend on. kHiddenSymbol is a squeeze-excite's inner width, a rounded function of the others.
enum Symbol { kInSymbol, kOutSymbol, kBottleneckSymbol, kHiddenSymbol, kSymbols };

class Form {
 public:
  static constexpr int kMonomials = 1 + kSymbols + kSymbols * (kSymbols + 1) / 2;  // 1, each symbol, each product of two
  // Position of a product in the coefficients; order of the arguments does not matter.
  static constexpr int Product(int a, int b) {
    if (a > b) return Product(b, a);
    return 1 + kSymbols + a * kSymbols - a * (a - 1) / 2 + (b - a);
  }
  static constexpr int Linear(int symbol) { return 1 + symbol; }

  Form() = default;
  Form(double value) { coefficients_[0] = value; }  // NOLINT: constants mix freely with symbols
  static Form Of(Symbol symbol) {
    Form form;
    form.coefficients_[static_cast<size_t>(Linear(symbol))] = 1;
    return form;
  }

  double coefficient(int monomial) const { return coefficients_[static_cast<size_t>(monomial)]; }
  double log_coefficient(int symbol) const { return logs_[static_cast<size_t>(symbol)]; }

  Form& operator+=(const Form& other) { return Add(other, 1); }
  Form& operator-=(const Form& other) { return Add(other, -1); }
  Form& operator*=(const Form& other) { return *this = *this * other; }
  friend Form operator+(Form a, const Form& b) { return a += b; }
  friend Form operator-(Form a, const Form& b) { return a -= b; }
  friend Form operator*(const Form& a, const Form& b) {
    if (b.IsConstant()) return a.Scaled(b.coefficients_[0]);
    if (a.IsConstant()) return b.Scaled(a.coefficients_[0]);
    Form product(a.coefficients_[0] * b.coefficients_[0]);
    for (int i = 0; i < kSymbols; ++i) {
      product.coefficients_[static_cast<size_t>(Linear(i))] =
          a.coefficient(Linear(i)) * b.coefficients_[0] + a.coefficients_[0] * b.coefficient(Linear(i));
      for (int k = 0; k < kSymbols; ++k) {
        product.coefficients_[static_cast<size_t>(Product(i, k))] += a.coefficient(Linear(i)) * b.coefficient(Linear(k));
      }
    }
    if (!a.IsLinear() || !b.IsLinear()) throw std::logic_error("a recipe multiplies more than two channel numbers");
    return product;
  }
  friend Form operator/(const Form& a, const Form& b) {
    if (!b.IsConstant()) throw std::logic_error("a recipe divides by a channel number");
    return a.Scaled(1 / b.coefficients_[0]);
  }

  // The logarithm. REQUIRES: the value is a positive multiple of one monomial.
  friend Form log(const Form& a) {
    Form result;
    int monomials = 0;
    const auto take = [&](int monomial, int first, int second) {
      if (a.coefficient(monomial) == 0) return;
      ++monomials;
      result.coefficients_[0] = std::log(a.coefficient(monomial));
      if (first < kSymbols) result.logs_[static_cast<size_t>(first)] += 1;
      if (second < kSymbols) result.logs_[static_cast<size_t>(second)] += 1;
    };
    take(0, kSymbols, kSymbols);
    for (int i = 0; i < kSymbols; ++i) {
      take(Linear(i), i, kSymbols);
      for (int k = i; k < kSymbols; ++k) take(Product(i, k), i, k);
    }
    if (monomials != 1 || !a.HasNoLogs() || !std::isfinite(result.coefficients_[0])) {
      throw std::logic_error("a recipe takes the logarithm of something else than a product of channel numbers");
    }
    return result;
  }

  // Evaluates the form for given numbers and their logarithms `logs`, which are read only for symbols with a log coefficient.
  template <typename T>
  T At(const std::array<T, kSymbols>& numbers, const std::array<T, kSymbols>& logs) const {
    T value(coefficients_[0]);
    for (int i = 0; i < kSymbols; ++i) {
      T slope(coefficient(Linear(i)));
      for (int k = i; k < kSymbols; ++k) slope += T(coefficient(Product(i, k))) * numbers[static_cast<size_t>(k)];
      value += slope * numbers[static_cast<size_t>(i)];
      if (log_coefficient(i) != 0) value += T(log_coefficient(i)) * logs[static_cast<size_t>(i)];
    }
    return value;
  }

 private:
  bool HasNoLogs() const { return logs_ == std::array<double, kSymbols>{}; }
  bool IsLinear() const {
    for (int i = 1 + kSymbols; i < kMonomials; ++i) {
      if (coefficient(i) != 0) return false;
    }
    return HasNoLogs();
  }
  bool IsConstant() const {
    for (int i = 1; i < kMonomials; ++i) {
      if (coefficient(i) != 0) return false;
    }
    return HasNoLogs();
  }
  Form& Add(const Form& other, double factor) {
    for (size_t i = 0; i < coefficients_.size(); ++i) coefficients_[i] += factor * other.coefficients_[i];
    for (size_t i = 0; i < logs_.size(); ++i) logs_[i] += factor * other.logs_[i];
    return *this;
  }
  Form Scaled(double factor) const {
    Form result;
    return result.Add(*this, factor);
  }

  std::array<double, kMonomials> coefficients_{};
  std::array<double, kSymbols> logs_{};
};

}  // namespace deepmad::mad
