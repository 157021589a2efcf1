// A run of a study: trained with a part of the training samples held out, then scored in more ways than training itself does.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "train/run/run.h"

namespace deepmad::train {

// The run's configuration with more overrides; a new one at each call. Its data have a `holdout`.
using RunConfig = std::function<base::Config(const std::vector<std::string>& overrides)>;

// Trains in options.out, or goes on there, and returns the part of a record that training decides:
//   status: "finished", or "diverged" where a loss, gradient, weight or score was not finite; such a run scores chance, and says in `error`
//           what was not
//   validation: metrics of the last weights on the held-out samples; the metrics alone are there after a divergence
//   batch_statistics: the same with batch norms by the statistics of each batch; train: of as many samples that were trained on, without
//           augmentation; test: of the data set's own validation part, where `test` asks for it
//   updates, samples, train_seconds, wall_seconds, images_per_second, threads, device
// Error(kStopped) after a signal, any other error that is no divergence as it comes.
base::Json TrainAndScore(const RunConfig& config, const mad::NetworkSpec& spec, const RunOptions& options, bool test);

}  // namespace deepmad::train
