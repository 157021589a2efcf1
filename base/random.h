// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
// Every draw is a pure function of (seed, stream, draw number), so results depend neither on the number of workers nor on timing.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace deepmad::base {

// One application of the bijection: ten rounds over `counter` under `key`. Equals the published known-answer vectors.
std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

// What a stream of draws is for; part of the counter, so that two purposes never share numbers. Do not change existing values:
// they decide which run a seed gives.
enum class RandomPurpose : uint32_t { kOrder = 1, kAugment = 2, kMix = 3, kInit = 4, kDropPath = 5, kSearch = 6, kSynthetic = 7 };

// A stream of draws named by (seed, purpose, epoch, index). Copyable; two equal ones give equal draws.
class Random {
 public:
  // `epoch` and `index` name the stream, for example the epoch and the position of a sample in it. epoch < 2^24 (checked), index < 2^32.
  Random(uint64_t seed, RandomPurpose purpose, uint64_t epoch = 0, uint64_t index = 0);

  uint32_t NextBits();                               // 32 uniform bits
  double Uniform();                                  // [0, 1), 53 bits
  double Uniform(double low, double high);           // [low, high)
  int64_t UniformInt(int64_t low, int64_t high);     // integers low..high, both included, unbiased; low <= high
  bool Bernoulli(double probability);                // true with the given probability; always draws once
  double Normal(double mean = 0, double sigma = 1);  // Box-Muller, two uniforms a draw
  double Gamma(double shape);                        // Marsaglia-Tsang, scale 1; shape > 0
  double Beta(double a, double b);                   // from two Gammas; a, b > 0
  std::vector<int64_t> Permutation(int64_t n);       // Fisher-Yates over 0..n-1

 private:
  std::array<uint32_t, 2> key_;
  std::array<uint32_t, 4> counter_;
  std::array<uint32_t, 4> buffer_{};
  int used_ = 4;  // words of buffer_ already handed out
};

}  // namespace deepmad::base
