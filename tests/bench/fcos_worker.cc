// Training steps and detection of ResNet-50 under FCOS, for tests/bench/compare_fcos.py:
//   fcos_worker NETWORK.yaml WEIGHTS.safetensors DATA.safetensors OUT.safetensors STEPS THREADS
// DATA has images [N, 3, H, W] and boxes [n, 5] (corners and class), the same for each. OUT gets the maps of the finest level in
// evaluation. Prints a JSON line with the seconds of each training step and each pass of detection, and the peak memory. SGD, float32,
// channels_last.
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <iostream>

#include "base/config/config.h"
#include "base/json.h"
#include "mad/network/network_spec.h"
#include "models/device/device.h"
#include "models/heads/detection_head.h"
#include "models/network/network.h"
#include "models/weights/load.h"
#include "models/weights/safetensors.h"
#include "train/numerics/stopwatch.h"
#include "train/optimizers/optimizer.h"
#include "train/tasks/detection/detect_objects.h"
#include "train/tasks/detection/detector_loss.h"

namespace deepmad {
namespace {

struct Data {
  at::Tensor images;
  std::vector<data::InputBoxes> pictures;
};

Data ReadData(const std::string& file) {
  Data data;
  at::Tensor boxes;
  for (const auto& [name, tensor] : models::ReadSafetensors(file).tensors) (name == "images" ? data.images : boxes) = tensor;
  data.images = data.images.contiguous(at::MemoryFormat::ChannelsLast);
  data::InputBoxes picture{1, static_cast<int>(data.images.size(2)), static_cast<int>(data.images.size(3)), 1, 1, {}};
  const auto rows = boxes.accessor<float, 2>();
  for (int64_t i = 0; i < rows.size(0); ++i) {
    picture.boxes.push_back({rows[i][0], rows[i][1], rows[i][2], rows[i][3], static_cast<int64_t>(rows[i][4])});
  }
  data.pictures.assign(static_cast<size_t>(data.images.size(0)), picture);
  return data;
}

int Main(char** argv) {
  const int steps = std::stoi(argv[5]);
  at::set_num_threads(std::stoi(argv[6]));
  const std::shared_ptr<models::Network> network = models::BuildNetwork(mad::LoadNetwork(argv[1]));
  models::LoadWeights(*network, {argv[2]}, models::HeadPolicy::kStrict);
  network->SetMemoryFormat(at::MemoryFormat::ChannelsLast);
  const auto& head = dynamic_cast<const models::DetectionHead&>(*network->head());
  const Data data = ReadData(argv[3]);

  std::vector<double> detection;
  {
    const c10::InferenceMode inference;
    network->eval();
    const std::vector<at::Tensor> maps = network->ForwardHead(data.images);
    models::WriteSafetensors(argv[4],
                             {{"classes", maps[0].contiguous()}, {"quality", maps[1].contiguous()}, {"distances", maps[2].contiguous()}});
    std::vector<models::PictureFrame> frames;
    for (const data::InputBoxes& one : data.pictures)
      frames.push_back({static_cast<double>(one.height), static_cast<double>(one.width), 1, 1});
    train::Stopwatch watch;
    for (int step = 0; step < steps; ++step) {
      train::DetectObjects(*network, data.images, frames);
      detection.push_back(watch.Lap());
    }
  }

  network->train();
  models::NamedTensors parameters;
  for (const auto& named : network->named_parameters()) parameters.emplace_back(named.key(), named.value());
  const base::Config config = base::Config::FromText("{momentum: 0.9, nesterov: false, weight_decay: 1.0e-4, decay_all: true}", "worker");
  const auto optimizer = train::OptimizerRegistry::Get().Find("sgd", "").factory(parameters, config);
  const auto criterion = train::NewDetectorLoss(head);
  std::vector<double> training, losses;
  train::Stopwatch watch;
  for (int step = 0; step < steps; ++step) {
    optimizer->ZeroGrad();
    const at::Tensor loss = criterion->Parts(head.ForwardMaps(network->ForwardFeatures(data.images)), data.pictures, nullptr).Sum();
    loss.backward();
    optimizer->Step(0.001);
    losses.push_back(loss.item<double>());
    training.push_back(watch.Lap());
  }
  std::cout << base::JsonLine({{"training", training},
                               {"detection", detection},
                               {"losses", losses},
                               {"peak_bytes", models::MemoryOf(at::kCPU).peak_bytes}})
            << std::endl;
  return 0;
}

}  // namespace
}  // namespace deepmad

int main(int argc, char** argv) {
  if (argc != 7) {
    std::cerr << "fcos_worker NETWORK.yaml WEIGHTS.safetensors DATA.safetensors OUT.safetensors STEPS THREADS\n";
    return 2;
  }
  try {
    return deepmad::Main(argv);
  } catch (const std::exception& error) {
    std::cerr << "fcos_worker: " << error.what() << '\n';
    return 1;
  }
}
