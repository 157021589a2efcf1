#include "base/random.h"

#include <cmath>
#include <numbers>
#include <numeric>
#include <stdexcept>

namespace deepmad::base {
namespace {

// Multipliers and Weyl increments of Philox4x32 (SC 2011, section 4.3).
constexpr uint64_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;

uint64_t NextBits64(Random& random) {
  const uint64_t high = random.NextBits();
  return high << 32 | random.NextBits();
}

// Logarithm of a Gamma(shape, 1) draw: for small shapes the draw itself underflows.
// Marsaglia and Tsang, "A simple method for generating gamma variables", 2000; shape < 1 by Gamma(shape + 1) * U^(1/shape).
double LogGammaDraw(Random& random, double shape) {
  if (!(shape > 0)) throw std::invalid_argument("Random: a gamma shape must be > 0");
  if (shape < 1) {
    const double log_larger = LogGammaDraw(random, shape + 1);
    return log_larger + std::log(1 - random.Uniform()) / shape;
  }
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  while (true) {
    const double x = random.Normal();
    const double root = 1 + c * x;
    const double u = 1 - random.Uniform();
    if (root <= 0) continue;
    const double v = root * root * root;
    if (std::log(u) < 0.5 * x * x + d - d * v + d * std::log(v)) return std::log(d) + std::log(v);
  }
}

}  // namespace

std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t product0 = kMultiplier0 * counter[0];
    const uint64_t product1 = kMultiplier1 * counter[2];
    counter = {static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(product0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

// Counter words: {block of draws (low), index, purpose and epoch, block of draws (high)}; the key is the seed.
Random::Random(uint64_t seed, RandomPurpose purpose, uint64_t epoch, uint64_t index)
    : key_{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)},
      counter_{0, static_cast<uint32_t>(index), static_cast<uint32_t>(purpose) << 24 | static_cast<uint32_t>(epoch), 0} {
  if (epoch >= uint64_t{1} << 24) throw std::invalid_argument("Random: the epoch must be below 2^24");
  if (index >= uint64_t{1} << 32) throw std::invalid_argument("Random: the index must be below 2^32");
}

uint32_t Random::NextBits() {
  if (used_ == 4) {
    buffer_ = Philox4x32(counter_, key_);
    if (++counter_[0] == 0) ++counter_[3];
    used_ = 0;
  }
  return buffer_[used_++];
}

double Random::Uniform() { return static_cast<double>(NextBits64(*this) >> 11) * 0x1p-53; }

double Random::Uniform(double low, double high) {
  const double value = low + (high - low) * Uniform();
  return value < high || low == high ? value : std::nextafter(high, low);  // rounding may reach `high`
}

// Lemire, "Fast random integer generation in an interval", 2019; wide intervals by masking. Both reject to stay unbiased.
int64_t Random::UniformInt(int64_t low, int64_t high) {
  if (low > high) throw std::invalid_argument("Random: UniformInt needs low <= high");
  const uint64_t last = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
  uint64_t offset = 0;
  if (last < 0xffffffff) {
    const uint32_t range = static_cast<uint32_t>(last) + 1;
    const uint32_t threshold = -range % range;  // 2^32 mod range
    uint64_t product = 0;
    do {
      product = uint64_t{NextBits()} * range;
    } while (static_cast<uint32_t>(product) < threshold);
    offset = product >> 32;
  } else {
    uint64_t mask = last;
    for (int shift = 1; shift < 64; shift *= 2) mask |= mask >> shift;
    do {
      offset = NextBits64(*this) & mask;
    } while (offset > last);
  }
  return static_cast<int64_t>(static_cast<uint64_t>(low) + offset);
}

bool Random::Bernoulli(double probability) { return Uniform() < probability; }

double Random::Normal(double mean, double sigma) {
  const double radius = std::sqrt(-2 * std::log(1 - Uniform()));
  return mean + sigma * radius * std::cos(2 * std::numbers::pi * Uniform());
}

double Random::Gamma(double shape) { return std::exp(LogGammaDraw(*this, shape)); }

double Random::Beta(double a, double b) {
  const double log_x = LogGammaDraw(*this, a);
  const double log_y = LogGammaDraw(*this, b);
  return 1 / (1 + std::exp(log_y - log_x));
}

std::vector<int64_t> Random::Permutation(int64_t n) {
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  for (int64_t i = n - 1; i > 0; --i) std::swap(order[static_cast<size_t>(i)], order[static_cast<size_t>(UniformInt(0, i))]);
  return order;
}

}  // namespace deepmad::base
