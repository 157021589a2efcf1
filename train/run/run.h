// Runs as a whole: from a configuration and a network to trained weights, scores and predictions. What the command line calls.
#pragma once

#include <string>
#include <vector>

#include "base/config/config.h"
#include "base/json.h"
#include "mad/network/network_spec.h"
#include "models/weights/weights_file.h"
#include "train/run/run_options.h"

namespace deepmad::train {

struct RunSummary {
  base::Json summary;         // content of summary.json; null on ranks but the first
  bool already_done = false;  // the folder held the finished run
};

// Trains `spec` as `config` says (sections task, data, train, validate) into a run folder, or continues the run of the same configuration
// found there. Sections that other commands read must be marked as read: an unread key is a UsageError, as are a class or channel count
// that differs from the data's, and a folder with a run of another configuration. Error(kStopped) after a signal.
// With several ranks each of them calls it alike; rank 0 alone reads and writes the folder.
RunSummary TrainRun(const base::Config& config, const mad::NetworkSpec& spec, const RunOptions& options);

// What a run would do, without training: number of updates and samples, parameters. Reads the data set's index; writes nothing.
base::Json DescribeRun(const base::Config& config, const mad::NetworkSpec& spec, const RunOptions& options);

// Of the data that the configuration names; opens its validation part.
int CountClasses(const base::Config& config);

// Scores weights on the validation set: {"metrics": {"top1": , "top5": , "loss": }, "protocol": "64 px, crop_pct 0.875, ...", "samples":
// n}.
base::Json ValidateRun(const base::Config& config, const mad::NetworkSpec& spec, const models::WeightsPlace& weights,
                       const RunOptions& options);

}  // namespace deepmad::train
