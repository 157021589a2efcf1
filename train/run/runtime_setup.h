// The first steps of every run: device, threads, network.
#pragma once

#include <c10/core/Device.h>

#include <memory>

#include "mad/network/network_spec.h"
#include "models/network/network.h"
#include "train/run/run_options.h"
#include "train/run/train_config.h"

namespace deepmad::train {

// Finds the device (UsageError), chooses the number format where that is left to it, and sets the threads and the process-wide switches of
// the arithmetic. `one_shape`: all batches have the same.
at::Device StartSession(const RunOptions& options, PrecisionOptions& precision, bool one_shape = true);

// Builds and initialises the network and brings it to the device.
std::shared_ptr<models::Network> MakeNetwork(const mad::NetworkSpec& spec, const TrainConfig& config, at::Device device);

}  // namespace deepmad::train
