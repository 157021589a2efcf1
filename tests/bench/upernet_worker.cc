// Training steps of a backbone under UPerNet, for tests/bench/upernet_step.py:
//   upernet_worker NETWORK.yaml BACKBONE.safetensors HEADS.safetensors DATA.safetensors STEPS
// Prints a JSON line with the seconds and the loss of each step, and the peak memory of the process. SGD, float32, channels_last, no
// dropout.
#include <iostream>

#include "base/config/config.h"
#include "base/json.h"
#include "mad/network/network_spec.h"
#include "models/device/device.h"
#include "models/heads/upernet.h"
#include "models/layers/module_tree.h"
#include "models/network/network.h"
#include "models/weights/load.h"
#include "models/weights/safetensors.h"
#include "train/numerics/stopwatch.h"
#include "train/optimizers/optimizer.h"
#include "train/tasks/segmentation/pixel_loss.h"

namespace deepmad {
namespace {

constexpr double kAuxiliaryWeight = 0.4;

int Main(char** argv) {
  const std::shared_ptr<models::Network> network = models::BuildNetwork(mad::LoadNetwork(argv[1]));
  models::LoadWeights(*network, {argv[2]}, models::HeadPolicy::kStrict);
  network->SetMemoryFormat(at::MemoryFormat::ChannelsLast);

  std::array<int, models::UPerNet::kLevels> channels{};
  for (size_t i = 0; i < channels.size(); ++i) channels[i] = network->backbone().levels().at(i).channels;
  torch::nn::Module heads("heads");
  models::BatchNorms norms;
  const models::UPerNet upernet({}, channels, heads, norms);
  std::map<std::string, at::Tensor> weights;
  for (const auto& [name, tensor] : models::ReadSafetensors(argv[3]).tensors) weights.emplace(name, tensor);
  for (auto& [name, tensor] : models::StateDict(heads)) {
    const at::Tensor& given = weights.at(name);
    tensor.set_data(given.dim() == 4 ? given.contiguous(at::MemoryFormat::ChannelsLast) : given.clone());
  }

  at::Tensor images, labels;
  for (const auto& [name, tensor] : models::ReadSafetensors(argv[4]).tensors) (name == "images" ? images : labels) = tensor;
  images = images.contiguous(at::MemoryFormat::ChannelsLast);

  models::NamedTensors parameters;
  for (const torch::nn::Module* module : std::initializer_list<torch::nn::Module*>{network.get(), &heads}) {
    for (const auto& named : module->named_parameters()) parameters.emplace_back(named.key(), named.value());
  }
  const base::Config config = base::Config::FromText("{momentum: 0.9, nesterov: false, weight_decay: 5.0e-4}", "worker");
  const auto optimizer = train::OptimizerRegistry::Get().Find("sgd", "").factory(parameters, config);

  std::vector<double> seconds, losses;
  train::Stopwatch watch;
  for (int step = 0; step < std::stoi(argv[5]); ++step) {
    optimizer->ZeroGrad();
    const std::vector<at::Tensor> features = network->ForwardFeatures(images);
    norms.CountBatch();
    const at::Tensor loss =
        train::PixelCrossEntropy(upernet.ForwardMain(features), labels, train::PixelMean::kAllPixels) +
        kAuxiliaryWeight * train::PixelCrossEntropy(upernet.ForwardAuxiliary(features), labels, train::PixelMean::kAllPixels);
    loss.backward();
    optimizer->Step(0.001);
    losses.push_back(loss.item<double>());
    seconds.push_back(watch.Lap());
  }
  std::cout << base::JsonLine({{"seconds", seconds}, {"losses", losses}, {"peak_bytes", models::MemoryOf(at::kCPU).peak_bytes}})
            << std::endl;
  return 0;
}

}  // namespace
}  // namespace deepmad

int main(int argc, char** argv) {
  if (argc != 6) {
    std::cerr << "upernet_worker NETWORK.yaml BACKBONE.safetensors HEADS.safetensors DATA.safetensors STEPS\n";
    return 2;
  }
  try {
    return deepmad::Main(argv);
  } catch (const std::exception& error) {
    std::cerr << "upernet_worker: " << error.what() << '\n';
    return 1;
  }
}
