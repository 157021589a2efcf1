#include "train/session.h"

#include <ATen/Parallel.h>

#include "models/device.h"
#include "models/init.h"

namespace deepmad::train {

at::Device StartSession(const RunOptions& options, PrecisionOptions& precision) {
  const at::Device device = models::ResolveDevice(options.device);
  if (options.threads > 0) at::set_num_threads(options.threads);
  ChooseFormat(precision, device);
  ApplyPrecision(precision);
  return device;
}

std::shared_ptr<models::Network> MakeNetwork(const mad::NetworkSpec& spec, const TrainConfig& config, at::Device device) {
  std::shared_ptr<models::Network> network = models::BuildNetwork(spec);
  network->batch_norm_settings() = config.batch_norm;
  models::Initialize(*network, config.init, config.trainer.seed);
  if (config.precision.channels_last) network->SetMemoryFormat(at::MemoryFormat::ChannelsLast);
  network->to(device);
  return network;
}

}  // namespace deepmad::train
