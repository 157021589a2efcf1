// How fast a network runs and trains on this machine, and what memory that takes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/config/config.h"
#include "base/json.h"
#include "mad/network/network_spec.h"
#include "train/run/run_options.h"

namespace deepmad::train {

struct BenchmarkOptions {
  bool inference = true;  // a pass of the folded network (models/inference/inference_network.h)
  bool training = true;   // an update (train/loop/update.h) of one micro-batch, as `task` and `train` of the configuration say
  std::vector<int64_t> batches = {1, 32};
  std::vector<std::string> precisions = {"float32", "bfloat16"};
  double seconds =
      1;  // measured for each case, five passes at least, after two that are not; on a GPU blocks of passes, after half a second
  bool graphs = false;  // record the work once and replay it: one launch in place of hundreds on a GPU
  bool layers = false;  // also the time of each layer: inference, the largest batch, the first precision
};

// Whether an update can be measured: not where the network is quantised or has no classifier, and for no other task than one of pictures.
bool CanTrain(const base::Config& config, const mad::NetworkSpec& spec);

// Made-up images of the spec's input, in memory. One case for each kind of work, precision and batch:
//   {"network", "device", "threads", "graphs", "macs", "params", "peak_resident_bytes",
//    "cases": [{"work", "precision", "batch", "passes", "milliseconds": {"median", "p10", "p90"}, "images_per_second",
//               "phases_ms" (training: medians; on a GPU of putting the work in its queue), "gmacs_per_second" (inference), "weight_bytes"
//               (inference), "tensor_bytes"}],
//    "layers": {"batch", "precision", "rows": [{"name", "kind", "milliseconds", "share", "macs", "gmacs_per_second"}]}}
// images_per_second comes from the median; tensor_bytes is the peak of all tensors, weights included; MACs are those of one image in `macs`
// and `rows`. UsageError for a network with a dense head, and where training, or recording it, is asked of one that cannot; Error(kStopped)
// after a signal.
base::Json Benchmark(const base::Config& config, const mad::NetworkSpec& spec, const BenchmarkOptions& benchmark,
                     const RunOptions& options);

}  // namespace deepmad::train
