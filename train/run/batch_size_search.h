// Searches for the largest batch whose training step fits in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "base/config/config.h"

namespace deepmad::train {

inline constexpr int64_t kBatchStep = 8;  // batch sizes that are tried are multiples of this

// Limits of `train.batch_size: auto`.
struct BatchLimits {
  int64_t max = 1024;               // samples an update
  double memory_share = 0.9;        // of the memory that is free
  std::optional<double> memory_gb;  // absolute limit per process, in units of 1e9 bytes; replaces memory_share
};

// Reads `batch_limits` of the `train` section. UsageError.
BatchLimits ReadBatchLimits(const base::Config& train);

// Measures the peak memory of a training step with `samples` samples, in bytes. Returns nullopt if the step ran out of memory.
using StepBytes = std::function<std::optional<int64_t>(int64_t samples)>;

struct FittingBatch {
  int64_t samples = 0;
  int64_t bytes = 0;
};

// Returns the largest multiple of kBatchStep, at most `most`, whose step needs `limit_bytes` or less, or nullopt if no batch fits. Assumes
// that memory grows with the batch. Starts small and extrapolates linearly from the measurements, so it never exceeds the limit by much.
std::optional<FittingBatch> LargestBatch(int64_t most, int64_t limit_bytes, const StepBytes& step_bytes);

}  // namespace deepmad::train
