// The largest batch whose training step fits in memory: how to look for it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "base/config.h"

namespace deepmad::train {

inline constexpr int64_t kBatchStep = 8;  // batches are multiples of it

// Limits of `train.batch_size: auto`.
struct BatchLimits {
  int64_t max = 1024;               // samples an update
  double memory_share = 0.9;        // of the memory that is free
  std::optional<double> memory_gb;  // in its place: 1e9 bytes, for one process
};

// Reads `batch_limits` of the `train` section. UsageError.
BatchLimits ReadBatchLimits(const base::Config& train);

// Bytes that a step with so many samples holds at its peak; nullopt: it ran out of memory.
using StepBytes = std::function<std::optional<int64_t>(int64_t samples)>;

struct FittingBatch {
  int64_t samples = 0;
  int64_t bytes = 0;
};

// The largest multiple of kBatchStep, up to `most`, whose step takes `limit_bytes` or less, if more samples take more; nullopt: none.
// Starts small and tries the size that a straight line through what it has measured promises, so that it never goes far beyond the limit.
std::optional<FittingBatch> LargestBatch(int64_t most, int64_t limit_bytes, const StepBytes& step_bytes);

}  // namespace deepmad::train
