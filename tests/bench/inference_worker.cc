// Classifies on request, for tests/bench/compare_inference.py: each line on stdin is a number of passes over the same images, answered by a
// JSON line with the logits of the first image and the peak memory; "quit" ends it.
#include <ATen/Parallel.h>
#include <ATen/ops/div.h>

#include <iostream>
#include <map>

#include "base/json.h"
#include "mad/network/network_spec.h"
#include "models/device/device.h"
#include "models/inference/inference_network.h"
#include "models/network/network.h"
#include "models/weights/load.h"
#include "models/weights/safetensors.h"

namespace deepmad {
namespace {

using Arguments = std::map<std::string, std::string>;

models::InferenceNetwork Load(const Arguments& arguments, int64_t batch) {
  const auto network = models::BuildNetwork(mad::LoadNetwork(arguments.at("--network")));
  models::LoadWeights(*network, {arguments.at("--weights")}, models::HeadPolicy::kStrict);
  return models::InferenceNetwork(*network,
                                  {.dtype = arguments.at("--precision") == "bfloat16" ? at::kBFloat16 : at::kFloat, .batch = batch});
}

int Main(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i + 1 < argc; i += 2) arguments[argv[i]] = argv[i + 1];
  at::set_num_threads(std::stoi(arguments.at("--threads")));
  const at::Tensor pictures = models::ReadSafetensors(arguments.at("--data")).tensors.front().second;  // [N, C, H, W] uint8
  const at::Tensor images = pictures.to(at::kFloat, false, false, at::MemoryFormat::ChannelsLast).div_(255);
  const models::InferenceNetwork network = Load(arguments, images.size(0));
  std::cout << "{}" << std::endl;
  for (std::string line; std::getline(std::cin, line) && line != "quit";) {
    at::Tensor logits;
    for (int passes = std::stoi(line); passes > 0; --passes) logits = network.Forward(images);
    const float* first = logits.const_data_ptr<float>();
    const base::Json answer = {{"phases", base::Json::object()},
                               {"logits", std::vector<float>(first, first + logits.size(1))},
                               {"peak_bytes", models::MemoryOf(at::kCPU).peak_bytes}};
    std::cout << base::JsonLine(answer) << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace deepmad

int main(int argc, char** argv) {
  try {
    return deepmad::Main(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "inference_worker: " << error.what() << '\n';
    return 1;
  }
}
