#include "train/run/batch_size_search.h"

#include <algorithm>
#include <utility>

namespace deepmad::train {
namespace {

int64_t RoundDown(int64_t samples) { return samples / kBatchStep * kBatchStep; }

// Where the line through two measurements reaches the limit.
int64_t Promised(const FittingBatch& a, const FittingBatch& b, int64_t limit_bytes) {
  const double slope = static_cast<double>(b.bytes - a.bytes) / static_cast<double>(b.samples - a.samples);
  if (slope <= 0) return b.samples * 2;
  return b.samples + static_cast<int64_t>(std::min(1e12, static_cast<double>(limit_bytes - b.bytes) / slope));
}

}  // namespace

BatchLimits ReadBatchLimits(const base::Config& train) {
  BatchLimits limits;
  const base::Config section = train.Section("batch_limits");
  limits.max = section.GetInt("max", limits.max, kBatchStep, 1'000'000);
  limits.memory_share = section.GetDouble("memory_share", limits.memory_share, 0.01, 1);
  limits.memory_gb = section.GetOptionalDouble("memory_gb", 1e-6, 1e6);
  return limits;
}

std::optional<FittingBatch> LargestBatch(int64_t most, int64_t limit_bytes, const StepBytes& step_bytes) {
  constexpr int64_t kGrowth = 4;  // a line through small batches may promise too much
  std::optional<FittingBatch> before, best;
  int64_t too_large = RoundDown(most) + kBatchStep;
  int64_t next = kBatchStep;
  bool exceeded = false;
  while (next < too_large) {
    const std::optional<int64_t> bytes = step_bytes(next);
    if (bytes && *bytes <= limit_bytes) {
      before = std::exchange(best, FittingBatch{next, *bytes});
    } else {
      too_large = next;
      exceeded = true;
    }
    if (!best || best->samples + kBatchStep >= too_large) break;
    int64_t promised = before ? Promised(*before, *best, limit_bytes) : 2 * best->samples;
    if (exceeded && promised >= too_large) promised = (best->samples + too_large) / 2;  // it promised too much before
    next = std::clamp(RoundDown(promised), best->samples + kBatchStep, std::min(kGrowth * best->samples, too_large - kBatchStep));
  }
  return best;
}

}  // namespace deepmad::train
