// Classifies on request, for tests/bench/compare_inference.py: each line on stdin is a number of passes over the same images, answered by a
// JSON line with the logits of the first image and the peak memory; "quit" ends it. The only waits for a GPU are around the passes of a
// line.
//
//   inference_worker --network FILE --precision float32|bfloat16|float16 --threads N [--weights FILE --data FILE | --batch N] [--device
//   cpu]
//                    [--graphs 1]                                                   without files: random weights and images
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/ops/div.h>
#include <ATen/ops/randint.h>

#include <functional>
#include <iostream>
#include <map>
#include <memory>

#include "base/json.h"
#include "mad/network/network_spec.h"
#include "models/device/device.h"
#include "models/inference/inference_network.h"
#include "models/network/init.h"
#include "models/network/network.h"
#include "models/weights/load.h"
#include "models/weights/safetensors.h"

namespace deepmad {
namespace {

using Arguments = std::map<std::string, std::string>;

at::ScalarType TypeOf(const std::string& precision) {
  if (precision == "bfloat16") return at::kBFloat16;
  return precision == "float16" ? at::kHalf : at::kFloat;
}

// [N, C, H, W] uint8
at::Tensor Pictures(const Arguments& arguments, const mad::InputSpec& input) {
  if (arguments.contains("--data")) return models::ReadSafetensors(arguments.at("--data")).tensors.front().second;
  return at::randint(256, {std::stoll(arguments.at("--batch")), input.channels, input.height, input.width}, at::kByte);
}

std::shared_ptr<models::Network> Load(const Arguments& arguments) {
  auto network = models::BuildNetwork(mad::LoadNetwork(arguments.at("--network")));
  if (arguments.contains("--weights")) {
    models::LoadWeights(*network, {arguments.at("--weights")}, models::HeadPolicy::kStrict);
  } else {
    models::Initialize(*network, {}, /*seed=*/0);
  }
  return network;
}

int Main(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i + 1 < argc; i += 2) arguments[argv[i]] = argv[i + 1];
  at::set_num_threads(std::stoi(arguments.at("--threads")));
  const at::Device device = models::ResolveDevice(arguments.contains("--device") ? arguments.at("--device") : "cpu");
  at::globalContext().setBenchmarkCuDNN(true);  // as the program's own sessions
  at::globalContext().setAllowTF32CuDNN(true);
  at::globalContext().setAllowTF32CuBLAS(true);
  const std::shared_ptr<models::Network> unfolded = Load(arguments);
  const at::Tensor pictures = Pictures(arguments, unfolded->spec().input).to(device);
  const at::Tensor images = pictures.to(at::kFloat, false, false, at::MemoryFormat::ChannelsLast).div_(255);
  unfolded->to(device);
  const models::InferenceNetwork network(*unfolded, {.dtype = TypeOf(arguments.at("--precision")), .batch = images.size(0)});
  at::Tensor logits;
  std::function<void()> pass = [&] { logits = network.Forward(images); };
  std::unique_ptr<models::Recording> recording;
  if (arguments.contains("--graphs")) {
    recording = models::Record(device, pass);
    pass = [&] { recording->Replay(); };
  }
  std::cout << "{}" << std::endl;
  for (std::string line; std::getline(std::cin, line) && line != "quit";) {
    models::SynchronizeDevice(device);
    for (int passes = std::stoi(line); passes > 0; --passes) pass();
    models::SynchronizeDevice(device);
    const at::Tensor values = logits[0].to(at::kCPU, at::kFloat).contiguous();
    const float* first = values.const_data_ptr<float>();
    const base::Json answer = {{"phases", base::Json::object()},
                               {"logits", std::vector<float>(first, first + values.numel())},
                               {"peak_bytes", models::MemoryOf(device).peak_bytes}};
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
