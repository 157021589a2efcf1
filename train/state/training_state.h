// The progress of a run: the counters that a checkpoint stores beside the tensors.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"

namespace deepmad::train {

// A mean kept as sum and count, so that it can be stored and continued.
struct RunningMean {
  double sum = 0;
  int64_t count = 0;
  void Add(double value, int64_t weight) {
    sum += value * static_cast<double>(weight);
    count += weight;
  }
  double value() const { return count == 0 ? 0 : sum / static_cast<double>(count); }
};

struct BestValue {
  double value = 0;
  int64_t epoch = 0;  // the epoch after which the value was reached, from 1
};

struct RunState {
  int64_t step = 0;     // updates
  int64_t epoch = 0;    // current epoch, from 0
  int64_t batch = 0;    // next batch of the epoch; equal to the number of batches if validation is next
  int64_t samples = 0;  // consumed by updates
  int64_t skipped = 0;  // updates whose gradient overflowed under the loss scale
  RunningMean epoch_loss;
  RunningMean interval_loss;                            // since the last line of the log
  double train_seconds = 0;                             // of updates with their data, over all sessions
  double wall_seconds = 0;                              // over all sessions, validation included
  std::map<std::string, BestValue> best;                // by metric: "top1", "top1_ema"
  std::vector<std::pair<std::string, double>> metrics;  // of the newest validation
};

base::Json ToJson(const RunState& state);
RunState RunStateFromJson(const base::Json& json);

}  // namespace deepmad::train
