// What a detector finds in picture files.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/config/config.h"
#include "mad/network/network_spec.h"
#include "models/weights/weights_file.h"
#include "train/run/run_options.h"

namespace deepmad::train {

struct FoundObject {
  int64_t class_index = 0;
  std::string name;  // from the weights' metadata; "class 7" where they have none
  double score = 0;
  std::array<double, 4> box{};  // left, top, right, bottom in pixels of the file
};

struct BoxPrediction {
  std::string file;
  std::string drawing;               // the PNG that was written
  std::vector<FoundObject> objects;  // by falling score
};

// Finds objects by the protocol of validation and writes the picture with their boxes into the folder `out`, under its own name with .png;
// those of a score below `least_score` are left out. `config` is the root of a run's configuration; without a `data` section the defaults
// hold. UsageError for two pictures of one name; FailedError naming a file that cannot be read, or weights of another network.
// Error(kStopped) between pictures after a signal.
std::vector<BoxPrediction> PredictBoxes(const base::Config& config, const mad::NetworkSpec& spec, const models::WeightsPlace& weights,
                                        const std::vector<std::string>& files, const std::string& out, double least_score,
                                        const RunOptions& options);

}  // namespace deepmad::train
