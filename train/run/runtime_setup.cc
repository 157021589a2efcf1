#include "train/run/runtime_setup.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdlib>

#include "models/device/device.h"
#include "models/network/init.h"

namespace deepmad::train {

at::Device StartSession(const RunOptions& options, PrecisionOptions& precision, bool one_shape) {
  const std::string name =
      options.ranks ? DeviceOfRank(options.device, options.ranks->launch(), models::CountDevices("cuda")) : options.device;
  const at::Device device = models::ResolveDevice(name);
  if (options.threads > 0) {
    at::set_num_threads(options.threads);
  } else if (options.ranks != nullptr && std::getenv("OMP_NUM_THREADS") == nullptr) {
    at::set_num_threads(std::max(1, at::get_num_threads() / options.ranks->launch().local_size));
  }
  ChooseFormat(precision, device);
  ApplyPrecision(precision, one_shape);
  return device;
}

std::shared_ptr<models::Network> MakeNetwork(const mad::NetworkSpec& spec, const TrainConfig& config, at::Device device) {
  std::shared_ptr<models::Network> network = models::BuildNetwork(spec);
  network->batch_norm_settings() = config.batch_norm;
  models::ChooseFusedNorm(config.fused_norm, device, "train.fused_norm", network->batch_norm_settings());
  models::Initialize(*network, config.init, config.trainer.seed);
  if (config.precision.float64) network->ConvertTo(at::kDouble);
  if (config.precision.channels_last) network->SetMemoryFormat(at::MemoryFormat::ChannelsLast);
  // On a GPU in 3-D too: the first convolution brings the clips into its layout, and all maps after it stay in it.
  if (config.precision.channels_last && device.is_cuda()) network->SetMemoryFormat(at::MemoryFormat::ChannelsLast3d);
  network->to(device);
  network->Freeze(config.freeze);
  return network;
}

}  // namespace deepmad::train
