// What a trained network sees in picture files.
#pragma once

#include <string>
#include <vector>

#include "base/config/config.h"
#include "mad/network/network_spec.h"
#include "models/weights/weights_file.h"
#include "train/run/run_options.h"
#include "train/tasks/top_classes.h"

namespace deepmad::train {

struct Prediction {
  std::string file;
  std::vector<ClassScore> top;  // best first, at most five
};

// Classifies the files with the preprocessing of validation, `batch_size` at a time, by the folded network
// (models/inference/inference_network.h). data.workers threads decode ahead. Batch size and threads change the speed; probabilities agree
// to 1e-5 (rounding). `config` is the root of a run's configuration; without a `data` section the defaults hold, at the input size of
// `spec`. UsageError for a network that takes videos or gives no classes; FailedError naming a file that cannot be read, or weights of
// another network. Error(kStopped) between batches after a signal.
std::vector<Prediction> Predict(const base::Config& config, const mad::NetworkSpec& spec, const models::WeightsPlace& weights,
                                const std::vector<std::string>& files, int64_t batch_size, const RunOptions& options);

}  // namespace deepmad::train
