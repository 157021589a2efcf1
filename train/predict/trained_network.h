// A trained network, to predict with.
#pragma once

#include <c10/core/Device.h>

#include <memory>
#include <string>
#include <vector>

#include "mad/network/network_spec.h"
#include "models/network/network.h"
#include "models/weights/weights_file.h"
#include "train/run/train_config.h"

namespace deepmad::train {

struct LoadedNetwork {
  std::shared_ptr<models::Network> network;  // in evaluation mode, on the device
  std::vector<std::string> class_names;      // from the weights' metadata; may be empty
};

// FailedError for weights of another network.
LoadedNetwork LoadTrained(const mad::NetworkSpec& spec, const models::WeightsPlace& weights, const TrainConfig& config, at::Device device);

// OUT/NAME.png by file, or folder of frames, and the folder OUT made. UsageError for two of one name.
std::vector<std::string> DrawingFiles(const std::vector<std::string>& files, const std::string& out);

}  // namespace deepmad::train
