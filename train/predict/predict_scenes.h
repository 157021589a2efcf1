// What a network with a class for each pixel sees in picture files.
#pragma once

#include <string>
#include <vector>

#include "base/config/config.h"
#include "mad/network/network_spec.h"
#include "models/weights/weights_file.h"
#include "train/run/run_options.h"

namespace deepmad::train {

struct ClassShare {
  int class_index = 0;
  std::string name;  // from the weights' metadata; "class 7" where they have none
  double share = 0;  // of the pixels
};

struct ScenePrediction {
  std::string file;
  std::string overlay;              // the PNG that was written
  std::vector<ClassShare> classes;  // the largest first
};

// Finds the class of each pixel by the protocol of validation (over scales where `validate` says so) and writes the picture with the
// classes laid over it and a legend into the folder `out`, under its own name with .png. Pictures may have any size. `config` is the root
// of a run's configuration; without a `data` section the defaults hold, at the input size of `spec`. UsageError for two pictures of one
// name; FailedError naming a file that cannot be read, or weights of another network. Error(kStopped) between pictures after a signal.
std::vector<ScenePrediction> PredictScenes(const base::Config& config, const mad::NetworkSpec& spec, const models::WeightsPlace& weights,
                                           const std::vector<std::string>& files, const std::string& out, const RunOptions& options);

}  // namespace deepmad::train
