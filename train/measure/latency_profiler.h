// Measures a latency table on this machine's device: layers of random networks, whole passes and training steps.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "mad/latency/latency_table.h"
#include "train/run/run_options.h"

namespace deepmad::train {

struct ProfileOptions {
  bool inference = true;
  bool training = true;
  std::vector<int64_t> batches = {1};           // images a pass
  std::vector<int64_t> training_batches = {8};  // images a training step
  std::vector<std::string> precisions = {"float32"};
  std::vector<int64_t> resolutions = {224};  // pixels a side
  double seconds = 150;                      // total time budget
  uint64_t seed = 0;                         // of the random networks
};

struct Profile {
  mad::LatencyTable table;
  // [{"work", "precision", "batch", "networks", "layers", "median_error", "p90_error"}]: relative errors of the fitted model on the whole
  // passes or training steps of the networks it was fitted to.
  base::Json fits;
};

// Times networks in turn for about options.seconds, at least one per block type and case. Throws Error(kStopped) after a signal.
Profile MeasureProfile(const ProfileOptions& options, const RunOptions& run);

}  // namespace deepmad::train
