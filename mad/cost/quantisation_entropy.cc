#include "mad/cost/quantisation_entropy.h"

#include <array>
#include <cmath>
#include <numbers>

namespace deepmad::mad {
namespace {

constexpr double kActivationStd = 5;
constexpr double kWeightStd = 4;
constexpr int kMaxBits = 16;

// P(x > value) of the standard normal distribution.
double UpperTail(double value) { return 0.5 * std::erfc(value / std::numbers::sqrt2); }

std::array<double, kMaxBits + 1> LogStds(double sigma) {
  std::array<double, kMaxBits + 1> logs{};
  for (int bits = 1; bits <= kMaxBits; ++bits) logs[static_cast<size_t>(bits)] = std::log(QuantisedStd(sigma, bits));
  return logs;
}

}  // namespace

double QuantisedStd(double sigma, int bits) {
  const int last = 1 << (bits - 1);
  double half_variance = 0;  // of the positive side
  for (int q = 1; q <= last; ++q) {
    const double above = UpperTail((q - 0.5) / sigma);
    const double probability = q == last ? above : above - UpperTail((q + 0.5) / sigma);
    half_variance += static_cast<double>(q) * q * probability;
  }
  return std::sqrt(2 * half_variance);
}

double QuantisationEntropy(const Bits& bits) {
  static const std::array<double, kMaxBits + 1> activation = LogStds(kActivationStd);
  static const std::array<double, kMaxBits + 1> weight = LogStds(kWeightStd);
  return activation.at(static_cast<size_t>(bits.activation)) + weight.at(static_cast<size_t>(bits.weight)) - std::log(kActivationStd);
}

}  // namespace deepmad::mad
